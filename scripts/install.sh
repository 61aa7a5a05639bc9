#!/bin/sh
# Makes the virtual environment and installs Tradepost with all that development needs, by uv or by pip.
set -eu
python=$1
venv=$2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Tradepost needs Python 3.11 or newer, and '$python' isn't: name another one with  make PYTHON=python3.12 …" >&2
    exit 1
fi

# An environment of another machine or Python (a moved folder, an upgrade) can't be mended, only made anew.
if [ -d "$venv" ] && ! "$venv/bin/python" -c '' 2>/dev/null; then
    rm -rf "$venv"
fi

extras="embedded,test,check"
command -v node >/dev/null 2>&1 || extras="$extras,node"

echo "Installing Tradepost and its tools into $venv (once; a minute at most) …"
if command -v uv >/dev/null 2>&1; then
    [ -d "$venv" ] || uv venv --quiet --python "$python" "$venv"
    uv pip install --quiet --python "$venv/bin/python" --constraints constraints.txt --editable ".[$extras]"
else
    if [ ! -d "$venv" ] && ! "$python" -m venv "$venv"; then
        rm -rf "$venv"
        echo "'$python -m venv' failed. On Debian and Ubuntu install it first:  apt install python3-venv" >&2
        exit 1
    fi
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
        --editable ".[$extras]"
fi
