# Two commands do everything on a fresh machine: `make run` and `make test`. The others are for people who change the code.

BIN := .venv/bin

.PHONY: run test setup setup-dev check format bench lock clean

run: setup
	@exec $(BIN)/quayside up

setup:
	@scripts/setup.sh

setup-dev:
	@scripts/setup.sh --dev

test: setup-dev
	@scripts/test.sh

check: setup-dev
	@scripts/check.sh

format: setup-dev
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: setup-dev
	@$(BIN)/python -m tests.bench

# Locks carry hashes and no address of any index, so that they work with every mirror.
lock: setup-dev
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.txt
	@$(BIN)/uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements-dev.in -o requirements-dev.txt
	@npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund

clean:
	@rm -rf .venv node_modules static/dist staticfiles build
