# Makes .venv ready. Sourced by demo and test: they set $root and call `prepare_environment EXTRA`; $venv is there afterwards.
# shellcheck shell=sh

venv=$root/.venv
# What is installed; written last. Names the folder too, because a copied .venv still points to where it was made.
stamp=$venv/installed
# Lies in .venv from its first moment until its first installation is complete.
unfinished=$venv/unfinished

# Prints the Python to make .venv with, and never one that lives inside a .venv. Status 3: too old; 4: cannot make a venv.
probe='
import os, sys
if sys.version_info < (3, 10):
    sys.exit(3)
try:
    import ensurepip, venv
except ImportError:
    sys.exit(4)
base = os.path.join(sys.base_prefix, "bin", "python%d.%d" % sys.version_info[:2])
print(base if sys.prefix != sys.base_prefix and os.path.exists(base) else sys.executable)
'

say() {
    echo "${0##*/}: $*" >&2
}

# Sets $python, or says what is missing and ends with status 2.
find_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python3.14 python3.13 python3.12 python3.11 python3.10
    fi
    without_venv=
    for candidate in "$@"; do
        status=0
        python=$("$candidate" -c "$probe" 2>/dev/null </dev/null) || status=$?
        if [ "$status" -eq 0 ] && [ -n "$python" ]; then
            return
        elif [ "$status" -eq 4 ] && [ -z "$without_venv" ]; then
            without_venv=$candidate
        fi
    done
    if [ -n "$without_venv" ]; then
        say "$without_venv lacks the module venv or ensurepip; install it (on Debian and Ubuntu: the package python3-venv)."
    elif [ -n "${PYTHON:-}" ]; then
        say "PYTHON=$PYTHON is not a Python 3.10 or newer that runs."
    else
        say "Python 3.10 or newer is needed and none was found; install one, or name it: PYTHON=/path/to/python $0"
    fi
    exit 2
}

# Says why .venv has to be made, and succeeds; fails when it can stay.
venv_is_wanted() {
    if [ ! -e "$venv" ]; then
        reason="there is none yet"
    elif [ -e "$unfinished" ]; then
        reason="the last one was not finished"
    elif ! "$venv/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1 </dev/null; then
        reason="the last one does not run"
    elif [ -e "$stamp" ] && [ "$(sed -n 2p "$stamp")" != "$root" ]; then
        reason="the last one was made in another folder"
    elif [ -n "${PYTHON:-}" ] && [ "$(identity "$PYTHON")" != "$(identity "$venv/bin/python")" ]; then
        reason="the last one is of another Python"
    else
        return 1
    fi
}

identity() {
    "$1" -c 'import sys; print(sys.base_prefix, sys.version)' 2>/dev/null </dev/null || echo "$1 does not run"
}

pip_install() {
    "$venv/bin/python" -m pip install -qq "$@" </dev/null || {
        status=$?
        say "pip could not install $*; its message is above."
        exit "$status"
    }
}

prepare_environment() {
    PIP_DISABLE_PIP_VERSION_CHECK=1
    export PIP_DISABLE_PIP_VERSION_CHECK

    if venv_is_wanted; then
        if [ -e "$venv" ] && [ ! -e "$stamp" ] && [ ! -e "$unfinished" ]; then
            say "$venv cannot be used ($reason), and these scripts did not make it. Move it away, or delete it."
            exit 2
        fi
        find_python
        say "making .venv with $python ($reason)"
        rm -rf -- "$venv"
        mkdir -- "$venv"
        : >"$unfinished"
        "$python" -m venv "$venv"
    fi

    # The line after the checksum is the folder, the last one the extra; the extra dev holds all others.
    checksum=$(cksum <"$root/pyproject.toml")
    for extra in "$1" dev; do
        wanted=$(printf '%s\n' "$checksum" "$root" "$extra")
        if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
            return
        fi
    done
    say "installing tunedmodels[$1] into .venv (takes a while, and only when pyproject.toml changed)"
    rm -f -- "$stamp"
    pip_install --upgrade pip # older ones have trouble with what follows
    pip_install --editable "$root[$1]"
    printf '%s\n' "$checksum" "$root" "$1" >"$stamp.new"
    rm -f -- "$unfinished"
    mv -- "$stamp.new" "$stamp"
}
