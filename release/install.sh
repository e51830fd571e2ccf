#!/bin/sh
# Installs keypairs @VERSION@ from the folder that this script is in. It needs no network.
set -eu
umask 022

version='@VERSION@'
architecture='@ARCHITECTURE@'
pythons='@PYTHONS@'

usage="\
usage: sh install.sh [--prefix FOLDER] [--python PROGRAM]
       sh install.sh --uninstall [--prefix FOLDER]

Installs keypairs $version in an environment of its own, FOLDER/share/keypairs-program, and
links the command to FOLDER/bin, the man page and the completions of bash, zsh and fish to
FOLDER/share. FOLDER is ~/.local if left out. A version that is there is replaced; programs
that still run go on with the old one. --uninstall takes all of it away; key pairs and keys
stay where they are."

say() { printf '%s\n' "$*"; }
refuse() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}
misused() {
    printf 'install.sh: %s\n\n%s\n' "$1" "$usage" >&2
    exit 2
}

prefix=${HOME:+$HOME/.local}
chosen=
uninstall=
while [ $# -gt 0 ]; do
    case $1 in
    --prefix | --python)
        [ $# -ge 2 ] && [ -n "$2" ] || misused "$1 needs a value."
        if [ "$1" = --prefix ]; then prefix=$2; else chosen=$2; fi
        shift 2
        ;;
    --prefix=?*) prefix=${1#*=} && shift ;;
    --python=?*) chosen=${1#*=} && shift ;;
    --uninstall) uninstall=yes && shift ;;
    -h | --help) say "$usage" && exit 0 ;;
    *) misused "$1 is not understood." ;;
    esac
done
[ -n "$prefix" ] || misused "HOME is not set. Say where to with --prefix."
case $prefix in
/*) ;;
*) prefix=$(pwd)/$prefix ;;
esac
program=$prefix/share/keypairs-program

# What is linked: where the link is, and what it leads to in the environment.
links="\
bin/keypairs bin/keypairs
share/man/man1/keypairs.1 share/man/man1/keypairs.1
share/bash-completion/completions/keypairs share/bash-completion/completions/keypairs
share/zsh/site-functions/_keypairs share/zsh/site-functions/_keypairs
share/fish/vendor_completions.d/keypairs.fish share/fish/vendor_completions.d/keypairs.fish"

is_ours() {
    case $(readlink "$1" 2>/dev/null) in
    "$program"/*) return 0 ;;
    *) return 1 ;;
    esac
}

remove_links() {
    say "$links" | while read -r link target; do
        if is_ours "$prefix/$link"; then rm -f "$prefix/$link"; fi
    done
}

if [ -n "$uninstall" ]; then
    [ -d "$program" ] || refuse "keypairs is not installed below $prefix. Name another folder with --prefix."
    remove_links
    rm -rf "$program" || refuse "$program could not be removed."
    # Folders that hold nothing now: those that the links were in.
    (cd "$prefix" && say "$links" | while read -r link target; do
        rmdir -p "$(dirname "$link")" 2>/dev/null || true
    done)
    say "keypairs is gone from $prefix. Key pairs and private keys were left where they are."
    exit 0
fi

here=$(cd "$(dirname "$0")" && pwd)
[ -d "$here/wheels" ] || refuse "There is no folder wheels beside this script. Unpack the whole archive."

[ "$(uname -s)" = Linux ] || refuse "This archive is for Linux, and this is $(uname -s)."
case $(uname -m) in
"$architecture") ;;
arm64) [ "$architecture" = aarch64 ] || refuse "This archive is for $architecture. Take the one for aarch64." ;;
*) refuse "This archive is for $architecture, and this is $(uname -m)." ;;
esac

# Prints why a Python cannot be used, and nothing if it can.
why_not='
import sys
def main():
    if sys.version_info < (3, 11):
        return "is Python %d.%d" % sys.version_info[:2]
    import platform, sysconfig
    if "%d.%d" % sys.version_info[:2] not in sys.argv[1].split():
        return "is Python %d.%d, for which this archive has no wheels" % sys.version_info[:2]
    if platform.python_implementation() != "CPython":
        return "is " + platform.python_implementation() + ", not CPython"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "is a free-threaded build"
    name, version = platform.libc_ver()
    if name != "glibc" or tuple(map(int, version.split(".")[:2])) < (2, 17):
        return "does not use glibc 2.17 or later"
    try:
        import ensurepip, venv
    except ImportError:
        return "has no venv module (on Debian and Ubuntu: apt install python3-venv)"
print(main() or "")
'
python=
seen=
for name in ${chosen:-python3 python3.14 python3.13 python3.12 python3.11}; do
    path=$(command -v "$name" 2>/dev/null) || continue
    if reason=$("$path" -I -c "$why_not" "$pythons" 2>/dev/null); then
        if [ -z "$reason" ]; then
            python=$path
            break
        fi
    else
        reason="does not run"
    fi
    seen="$seen
  $path $reason"
done
if [ -z "$python" ]; then
    [ -n "$seen" ] || seen="
  ${chosen:-no python3} was not found"
    refuse "There is no Python that can be used. Wanted: CPython $pythons with its venv module.$seen
Name one with --python."
fi

say "$links" | while read -r link target; do
    if [ -e "$prefix/$link" ] || [ -L "$prefix/$link" ]; then
        is_ours "$prefix/$link" || refuse "$prefix/$link is there and is not of this script. Move it away, or choose another --prefix."
    fi
done

mkdir -p "$program" 2>/dev/null || refuse "$program cannot be made. Choose a folder of your own with --prefix."
new=$(mktemp -d "$program/$version.XXXXXX" 2>/dev/null) || refuse "Nothing can be written in $program."
trap 'rm -rf "$new"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 755 "$new"

say "Installing keypairs $version with $("$python" -I -c 'import sys; print("Python", sys.version.split()[0])') ($python)"
"$python" -I -m venv "$new" || refuse "The environment could not be made with $python."
# Isolated: neither the person's pip settings nor PYTHONPATH have a say. pip compiles to byte code.
"$new/bin/python" -I -m pip --isolated install --quiet --disable-pip-version-check --no-cache-dir \
    --no-index --find-links "$here/wheels" --require-hashes --requirement "$here/requirements.txt" ||
    refuse "pip could not install what is in $here/wheels."
"$new/bin/keypairs" --version >/dev/null || refuse "What was installed does not start. Nothing was changed."

say "$links" | while read -r link target; do
    [ -e "$new/$target" ] || continue
    mkdir -p "$(dirname "$prefix/$link")"
    # Made beside it and moved: there is no moment without the command.
    ln -s "$new/$target" "$prefix/$link.new-$$"
    mv -f "$prefix/$link.new-$$" "$prefix/$link"
done
trap - EXIT

# Programs that run go on with the files of the version before this one. What is older goes.
before=$(cat "$program/current" 2>/dev/null || true)
printf '%s\n' "$(basename "$new")" >"$program/current"
for old in "$program/"*/; do
    case $(basename "$old") in
    "$(basename "$new")" | "$before") ;;
    *) rm -rf "$old" ;;
    esac
done

say "Installed: $prefix/bin/keypairs"
case :$PATH: in
*:"$prefix/bin":*) ;;
*) say "$prefix/bin is not in your PATH. Add it: export PATH=\"$prefix/bin:\$PATH\"" ;;
esac
