#!/usr/bin/env bash
# Sets up ComfyUI (CPU) out of a git directory that holds it, an environment to run it, and a driver for Chromium; quick when all is there.
#   COMFY_SNAPSHOT=GITDIR setup.sh        prints COMFYUI_PATH and COMFYUI_PYTHON for the tests, as shell assignments
# Environment: COMFY_HOME (default ${TMPDIR:-/tmp}/comfy), COMFY_TORCH, COMFY_TORCHVISION, COMFY_TORCHAUDIO, COMFY_PLAYWRIGHT (versions).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
home="${COMFY_HOME:-${TMPDIR:-/tmp}/comfy}" app="${COMFY_HOME:-${TMPDIR:-/tmp}/comfy}/ComfyUI"
torch="${COMFY_TORCH:-2.13.0}" torchvision="${COMFY_TORCHVISION:-0.28.0}" torchaudio="${COMFY_TORCHAUDIO:-2.11.0}" playwright="${COMFY_PLAYWRIGHT:-1.65.1}"
python="$home/venv/bin/python"
say() { printf '[comfy] %s\n' "$*" >&2; }
stamped() { [ "$(cat "$home/stamps/$1" 2>/dev/null)" = "$2" ]; }
pip() { "$python" -m pip install --disable-pip-version-check -q "$@" >&2; }
mkdir -p "$home/stamps"

# 1. ComfyUI itself, without the blobs that a partial snapshot lacks.
if [ -n "${COMFY_SNAPSHOT:-}" ]; then
  commit="$(git -C "$COMFY_SNAPSHOT" rev-parse HEAD)"
  if ! stamped app "$commit"; then
    missing="$(git -C "$COMFY_SNAPSHOT" rev-list --objects --missing=print --max-count=1 HEAD | sed -n 's/^?//p')"
    exclude=()
    if [ -n "$missing" ]; then
      while IFS=$'\t' read -r meta path; do
        if grep -q "${meta##* }" <<<"$missing"; then exclude+=(":(exclude)$path"); say "left out, absent in the snapshot: $path"; fi
      done < <(git -C "$COMFY_SNAPSHOT" -c core.quotePath=false ls-tree -r HEAD)
    fi
    rm -rf "$app.new" && mkdir -p "$app.new"
    git -C "$COMFY_SNAPSHOT" archive HEAD -- . "${exclude[@]}" 2> >(grep -v 'invalid object' >&2) | tar x -C "$app.new"
    rm -rf "$app" && mv "$app.new" "$app"
    echo "$commit" > "$home/stamps/app"
  fi
fi
[ -f "$app/main.py" ] || { say "no ComfyUI: set COMFY_SNAPSHOT to a git directory that holds it, or COMFYUI_PATH to an installed one"; exit 2; }

# 2. Its environment: torch for the CPU, the companions without dependencies, the rest held to that torch, then what a user's manager installs for us.
want="$torch $torchvision $torchaudio $(cat "$app/requirements.txt" "$root/requirements.txt" "$here/torch_shim/sitecustomize.py" | sha256sum)"
if ! stamped environment "$want" || [ ! -x "$python" ]; then
  [ -x "$python" ] || "${COMFY_BASE_PYTHON:-python3}" -m venv "$home/venv"
  printf 'torch==%s\ntorchvision==%s\ntorchaudio==%s\n' "$torch" "$torchvision" "$torchaudio" > "$home/constraints.txt"
  pip "torch==$torch"
  pip --no-deps "torchvision==$torchvision" "torchaudio==$torchaudio"
  # requests: ComfyUI imports it, and no package pulls it in any more
  { grep -vE '^(torch|torchvision|torchaudio|#.*)?[[:space:]]*$' "$app/requirements.txt"; echo requests; } > "$home/requirements.txt"
  pip -c "$home/constraints.txt" -r "$home/requirements.txt"
  pip -c "$home/constraints.txt" -r "$root/requirements.txt" pytest
  cp "$here/torch_shim/sitecustomize.py" "$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/sitecustomize.py"
  echo "$want" > "$home/stamps/environment"
fi

# 3. The browser's driver, and the browser.
if ! command -v chromium >/dev/null && [ -z "${CHROMIUM:-}" ] && command -v apt-get >/dev/null; then
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-noto-cjk; } > "$home/apt.log" 2>&1 \
    || say "no chromium, see $home/apt.log: the tests of the page are skipped"
fi
if ! stamped js "$playwright"; then
  mkdir -p "$home/js"
  [ -f "$home/js/package.json" ] || echo '{"private": true}' > "$home/js/package.json"
  (cd "$home/js" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --no-audit --no-fund --loglevel=error "playwright-core@$playwright" >&2)
  echo "$playwright" > "$home/stamps/js"
fi
printf 'export COMFYUI_PATH=%q COMFYUI_PYTHON=%q COMFY_JS=%q\n' "$app" "$python" "$home/js"
