#!/usr/bin/env bash
# Puts the packages of requirements.txt beside the code, as wheels for the Python and the Linux that the app runs on,
# so that the Python of a remote builder does not matter. Does nothing when nothing has changed. pip has to run on the
# same version of Python, since it reads conditions such as `python_version < "3.13"` for its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python_version=3.13
target=.python_packages/lib/site-packages
stamp=.python_packages/stamp

die() { echo "vendor-wheels: $*" >&2; exit 1; }

wanted="$python_version $(cat requirements.txt infra/hooks/vendor-wheels.sh | cksum)"
if [[ -f $stamp && "$(<"$stamp")" == "$wanted" ]]; then
  echo "vendor-wheels: the packages of requirements.txt are there already." >&2
  exit 0
fi

python=
for candidate in python$python_version .venv/bin/python python3 python; do
  if "$candidate" -c "import pip, sys; sys.exit('%d.%d' % sys.version_info[:2] != '$python_version')" 2>/dev/null; then
    python=$candidate
    break
  fi
done
[[ -n $python ]] || die "Python $python_version with pip was not found. Install it, or run ./dev setup, which makes .venv."

rm -rf .python_packages
echo "vendor-wheels: fetching wheels for Python $python_version on Linux (x86-64) ..." >&2
"$python" -m pip install --quiet --disable-pip-version-check --no-compile --requirement requirements.txt \
  --target "$target" --implementation cp --python-version "$python_version" --only-binary=:all: \
  --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
  || die "a package could not be fetched as a wheel (see above). Every line of requirements.txt must have one for \
CPython $python_version on manylinux, x86-64."
echo "$wanted" >"$stamp"
