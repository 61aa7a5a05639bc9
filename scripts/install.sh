#!/bin/sh
# Makes the virtual environment and installs Tradepost with some of its extras:  install.sh PYTHON VENV EXTRAS
#
# uv is used where the machine has it, else it is put into the environment first: it takes a third of pip's time. Where
# uv can't be had or can't reach the registry (pip may know a mirror that uv doesn't), pip does all of it.
set -eu
python=$1
venv=$2
extras=$3

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Tradepost needs Python 3.11 or newer, and '$python' isn't: name another one with  make dev PYTHON=python3.12" >&2
    exit 1
fi

# An environment of another machine or Python (a moved folder, an upgrade) can't be mended, only made anew.
if [ -d "$venv" ] && ! "$venv/bin/python" -c '' 2>/dev/null; then
    rm -rf "$venv"
fi

if [ ! -d "$venv" ]; then
    echo "Making the virtual environment $venv …"
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --python "$python" "$venv"
    elif ! "$python" -m venv "$venv"; then
        rm -rf "$venv"
        echo "'$python -m venv' failed. On Debian and Ubuntu install it first:  apt install python3-venv" >&2
        exit 1
    fi
fi

# Behind a proxy that signs for others, the system knows the certificate and uv by itself does not.
export UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1
uv=$(command -v uv || echo "$venv/bin/uv")
if ! [ -x "$uv" ]; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv 2>/dev/null || true
fi

echo "Installing Tradepost with: $extras (a minute at most; seconds when it was done before) …"
if [ -x "$uv" ] && "$uv" pip install --compile-bytecode --python "$venv/bin/python" --constraints constraints.txt --editable ".[$extras]"; then
    exit 0
fi
echo "Installing by pip instead; this takes longer …"
"$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar off \
    --constraint constraints.txt --editable ".[$extras]"
