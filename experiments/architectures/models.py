"""The architectures: configurations of transformers with tiny sizes, and random weights, wide enough to tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from alignbench.backend.model import Model

# Shorter than every prompt that is asked here.
WINDOW = 16
_ENDS = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "vocab_size": 640, "initializer_range": 0.2}
_BODY = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
_LLAMA = {**_ENDS, **_BODY, "intermediate_size": 96, "num_key_value_heads": 2, "max_position_embeddings": 512}
_WIDE = {**_LLAMA, "head_dim": 16}
_GPT = {**_ENDS, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 512}
_OPT = {**_ENDS, "init_std": 0.2, "max_position_embeddings": 512, "ffn_dim": 96}
_EXPERTS = {"num_experts": 4, "num_local_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
_SHARED = {**_EXPERTS, "shared_expert_intermediate_size": 32}
_SLIDING = {"sliding_window": WINDOW}
_MIXED = {**_SLIDING, "layer_types": ["sliding_attention", "full_attention"]}
_GEMMA = {**_WIDE, **_MIXED, "query_pre_attn_scalar": 16}
_PER_LAYER = {
    **_WIDE,
    **_SLIDING,
    "num_hidden_layers": 4,
    "layer_types": ["sliding_attention", "full_attention"] * 2,
    "vocab_size_per_layer_input": 640,
    "hidden_size_per_layer_input": 8,
}
_DELTA = {
    **_WIDE,
    "layer_types": ["linear_attention", "full_attention"],
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
}
_LATENT = {"q_lora_rank": 16, "kv_lora_rank": 16, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 16}
_MAMBA2 = {"mamba_n_heads": 4, "mamba_d_head": 32, "mamba_d_state": 16, "mamba_n_groups": 1, "mamba_chunk_size": 16}
_FALCON = {**_ENDS, **_BODY}
_ROPE = {"rope_theta": 10000.0}
_LATE = {**_ROPE, "original_max_position_embeddings": 256}
_THREE = {"low_freq_factor": 1.0, "high_freq_factor": 4.0}

# Name in the table -> model type and configuration; what is said in brackets is what the configuration is there for.
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "Llama": ("llama", _LLAMA),
    "Llama (tied head)": ("llama", {**_LLAMA, "tie_word_embeddings": True}),
    "Llama (more rows than tokens)": ("llama", {**_LLAMA, "vocab_size": 704}),
    "Llama (llama3 rope)": (
        "llama",
        {**_LLAMA, "rope_parameters": {**_LATE, **_THREE, "rope_type": "llama3", "factor": 8.0}},
    ),
    "Llama (YaRN rope)": ("llama", {**_LLAMA, "rope_parameters": {**_LATE, "rope_type": "yarn", "factor": 4.0}}),
    "Llama (dynamic rope)": ("llama", {**_LLAMA, "rope_parameters": {**_ROPE, "rope_type": "dynamic", "factor": 2.0}}),
    "Mistral": ("mistral", {**_LLAMA, "sliding_window": None}),
    "Mistral (window)": ("mistral", {**_LLAMA, **_SLIDING}),
    "Mixtral (window, experts)": ("mixtral", {**_LLAMA, **_SLIDING, **_EXPERTS}),
    "Llama 4 (chunks, experts)": (
        "llama4_text",
        {
            **_WIDE,
            "attention_chunk_size": WINDOW,
            "num_local_experts": 2,
            "num_experts_per_tok": 1,
            "intermediate_size_mlp": 96,
            "interleave_moe_layer_step": 1,
            "no_rope_layers": [1, 0],
            "layer_types": ["chunked_attention", "full_attention"],
        },
    ),
    "Gemma": ("gemma", _WIDE),
    "Gemma 2 (soft-capping, window)": (
        "gemma2",
        {**_GEMMA, "attn_logit_softcapping": 2.0, "final_logit_softcapping": 5.0},
    ),
    "Gemma 3 (window)": ("gemma3_text", _GEMMA),
    "Gemma 3n (window, shared keys)": (
        "gemma3n_text",
        {
            **_PER_LAYER,
            "num_kv_shared_layers": 2,
            "laurel_rank": 8,
            "activation_sparsity_pattern": [0.0] * 4,
            "intermediate_size": [96] * 4,
        },
    ),
    "Gemma 4 (window)": ("gemma4_text", {**_PER_LAYER, "num_kv_shared_layers": 0, "global_head_dim": 16}),
    "Qwen 2.5": ("qwen2", _LLAMA),
    "Qwen 2 (window)": ("qwen2", {**_LLAMA, **_SLIDING, "use_sliding_window": True, "max_window_layers": 1}),
    "Qwen 2 MoE": ("qwen2_moe", {**_LLAMA, **_SHARED}),
    "Qwen 3": ("qwen3", _WIDE),
    "Qwen 3 MoE": ("qwen3_moe", {**_WIDE, **_EXPERTS}),
    "Qwen3-Next (linear attention)": ("qwen3_next", {**_DELTA, **_SHARED}),
    "Qwen 3.5 (linear attention)": ("qwen3_5_text", _DELTA),
    "Phi": ("phi", _LLAMA),
    "Phi 3 (window)": ("phi3", {**_LLAMA, **_SLIDING}),
    "Phi 3 (LongRoPE)": (
        "phi3",
        {
            **_LLAMA,
            "original_max_position_embeddings": 256,
            "rope_parameters": {**_LATE, "rope_type": "longrope", "short_factor": [1.0] * 8, "long_factor": [2.0] * 8},
        },
    ),
    "Phi 3.5 MoE": ("phimoe", {**_LLAMA, **_EXPERTS}),
    "Falcon": ("falcon", {**_FALCON, "num_kv_heads": 2, "new_decoder_architecture": True}),
    "Falcon (ALiBi)": (
        "falcon",
        {**_FALCON, "alibi": True, "multi_query": False, "parallel_attn": False, "bias": True},
    ),
    "Bloom (ALiBi)": ("bloom", {**_ENDS, "hidden_size": 64, "n_layer": 2, "n_head": 4}),
    "MPT (ALiBi)": ("mpt", {**_ENDS, "d_model": 64, "n_layers": 2, "n_heads": 4, "max_seq_len": 512}),
    "GPT-2": ("gpt2", _GPT),
    "GPT-Neo (local attention)": (
        "gpt_neo",
        {
            **_ENDS,
            "hidden_size": 64,
            "num_layers": 2,
            "num_heads": 4,
            "max_position_embeddings": 512,
            "attention_types": [[["global", "local"], 1]],
            "window_size": WINDOW,
        },
    ),
    "GPT-NeoX": ("gpt_neox", _LLAMA),
    "GPT-J": ("gptj", {**_GPT, "rotary_dim": 8}),
    "GPT-BigCode": ("gpt_bigcode", _GPT),
    "CodeGen": ("codegen", {**_GPT, "rotary_dim": 8}),
    "GPT-OSS (sinks, window)": ("gpt_oss", {**_WIDE, **_MIXED, "num_local_experts": 4, "num_experts_per_tok": 2}),
    "OPT": ("opt", {**_OPT, **_BODY, "word_embed_proj_dim": 64}),
    "XGLM": ("xglm", {**_OPT, "d_model": 64, "num_layers": 2, "attention_heads": 4}),
    "Command-R": ("cohere", _LLAMA),
    "Command-R 7B (window)": ("cohere2", {**_LLAMA, **_MIXED}),
    "OLMo 2": ("olmo2", _LLAMA),
    "OLMo 3 (window)": ("olmo3", {**_LLAMA, **_MIXED}),
    "OLMoE": ("olmoe", {**_LLAMA, **_EXPERTS}),
    "StableLM": ("stablelm", _LLAMA),
    "StarCoder 2 (window)": ("starcoder2", {**_LLAMA, **_SLIDING}),
    "SmolLM 3": ("smollm3", _LLAMA),
    "Granite": ("granite", _LLAMA),
    "EXAONE 4 (window)": ("exaone4", {**_LLAMA, **_MIXED}),
    "Nemotron": ("nemotron", _LLAMA),
    "GLM 4": ("glm4", _WIDE),
    "Ernie 4.5": ("ernie4_5", _WIDE),
    "Seed-OSS": ("seed_oss", _WIDE),
    "DeepSeek V3 (latent attention)": (
        "deepseek_v3",
        {
            **_LLAMA,
            **_LATENT,
            "num_key_value_heads": 4,
            "n_routed_experts": 4,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 32,
            "n_group": 1,
            "topk_group": 1,
            "first_k_dense_replace": 1,
        },
    ),
    "MiniMax (linear attention)": (
        "minimax",
        {**_WIDE, **_EXPERTS, "layer_types": ["linear_attention", "full_attention"], "block_size": WINDOW},
    ),
    "LFM 2 (convolutions)": ("lfm2", {**_LLAMA, "layer_types": ["conv", "full_attention"], "block_multiple_of": 8}),
    "Jamba (hybrid)": (
        "jamba",
        {
            **_LLAMA,
            **_EXPERTS,
            "attn_layer_period": 2,
            "attn_layer_offset": 1,
            "mamba_d_state": 8,
            "mamba_dt_rank": 4,
            "use_mamba_kernels": False,
        },
    ),
    "Bamba (hybrid)": ("bamba", {**_LLAMA, **_MAMBA2, "attn_layer_indices": [1]}),
    "Granite 4 (hybrid)": (
        "granitemoehybrid",
        {**_LLAMA, **_EXPERTS, **_MAMBA2, "layer_types": ["mamba", "attention"], "shared_intermediate_size": 32},
    ),
    "Falcon-H1 (hybrid)": ("falcon_h1", {**_WIDE, **_MAMBA2, "mamba_d_ssm": 64, "mamba_d_head": 16}),
    "Nemotron-H (hybrid)": (
        "nemotron_h",
        {
            **_WIDE,
            "layers_block_type": ["mamba", "attention"],
            "mamba_num_heads": 4,
            "mamba_head_dim": 32,
            "ssm_state_size": 16,
            "n_groups": 1,
            "chunk_size": 16,
        },
    ),
    "Zamba 2 (hybrid)": (
        "zamba2",
        {
            **_LLAMA,
            "num_hidden_layers": 4,
            "layers_block_type": ["mamba", "hybrid"] * 2,
            "mamba_d_state": 16,
            "n_mamba_heads": 8,
            "mamba_headdim": 16,
            "mamba_ngroups": 1,
            "chunk_size": 16,
            "num_key_value_heads": 4,
            "num_mem_blocks": 1,
            "adapter_rank": 8,
        },
    ),
    "RecurrentGemma (hybrid)": (
        "recurrent_gemma",
        {**_WIDE, "num_hidden_layers": 3, "attention_window_size": WINDOW, "lru_width": 64, "num_key_value_heads": 1},
    ),
    "Mamba": ("mamba", {**_ENDS, "hidden_size": 64, "num_hidden_layers": 2, "state_size": 8}),
    "Mamba 2": (
        "mamba2",
        {
            **_ENDS,
            "hidden_size": 64,
            "num_hidden_layers": 2,
            "state_size": 16,
            "head_dim": 16,
            "num_heads": 8,
            "n_groups": 2,
            "chunk_size": 16,
        },
    ),
    "Falcon Mamba": ("falcon_mamba", {**_ENDS, "hidden_size": 64, "num_hidden_layers": 2, "state_size": 8}),
    "RWKV 4": ("rwkv", {**_ENDS, "hidden_size": 64, "num_hidden_layers": 2, "attention_hidden_size": 64}),
}


def build(name: str, folder: Path) -> Path:
    """Write a model of :data:`MODELS` with the blank model's tokenizer; the same bytes every time."""
    kind, knobs = MODELS[name]
    with torch.random.fork_rng():
        torch.manual_seed(1)
        AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **knobs)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(Model("builtin:blank").resolve().path).save_pretrained(folder)
    return folder
