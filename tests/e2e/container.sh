#!/usr/bin/env bash
# Builds the Containerfile and tries the image against a real mail server, without a registry: podman, buildah and runc
# from Debian's packages, and a debootstrapped Debian under the name of the base image that the Containerfile asks for.
# Needs root. Changes nothing outside MAILBOT_CONTAINER_WORK (default /var/tmp/mailbot-container), where the base is kept.
# Exit 75: containers cannot run on this machine (the last line says why).
set -euo pipefail
cd "$(dirname "$0")/../.."
PYTHON=${PYTHON:-.venv/bin/python}
WORK=${MAILBOT_CONTAINER_WORK:-/var/tmp/mailbot-container}
CONTEXT=${1:-.}
SUITE=trixie                                     # Debian 13, whose Python is 3.13
IMAGE=localhost/mailbot:test
BASE=$(sed -n 's/^ARG PYTHON_IMAGE=//p' Containerfile)
CA=/etc/ssl/certs/ca-certificates.crt

cannot() { echo "container: not tried, $*"; exit 75; }
[ "$(id -u)" = 0 ] || cannot "this takes root (debootstrap, overlay mounts)"
export PATH=$PATH:/usr/sbin:/sbin
for program in podman buildah runc debootstrap; do
  command -v $program >/dev/null || cannot "$program is not installed (apt-get install podman buildah runc debootstrap)"
done
mkdir -p "$WORK"
# A configuration of its own by environment: nothing below /etc/containers is read or changed.
cat >"$WORK/containers.conf" <<C
[engine]
# crun refuses a hybrid cgroup v1+v2 layout; runc takes it
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[engine.runtimes]
runc = ["$PWD/tests/e2e/runc"]
C
printf '[storage]\ndriver = "overlay"\ngraphroot = "%s/storage"\nrunroot = "%s/run"\n' "$WORK" "$WORK" >"$WORK/storage.conf"
export CONTAINERS_CONF=$WORK/containers.conf CONTAINERS_STORAGE_CONF=$WORK/storage.conf

# the mirror that apt uses here
mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\?\(http[^ ]*\).*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1 || true)
mirror=${mirror:-http://deb.debian.org/debian}

base() {
  local root=$WORK/root
  rm -rf "$root"
  debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates,tzdata "$SUITE" "$root" "$mirror" >"$WORK/debootstrap.log" 2>&1 \
    || { tail -n 5 "$WORK/debootstrap.log"; cannot "no base image could be made: debootstrap $SUITE failed"; }
  # as the official slim image: `python` on PATH; no caches, documentation or bytecode
  ln -sf ../../bin/python3 "$root/usr/local/bin/python3"
  ln -sf ../../bin/python3 "$root/usr/local/bin/python"
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/* "$root"/var/log/*.log \
         "$root"/usr/share/{doc,man,info,locale}/* "$root"/var/cache/debconf/*-old "$root"/var/lib/dpkg/*-old
  find "$root" -xdev -name __pycache__ -type d -prune -exec rm -rf {} +
  tar -C "$root" --numeric-owner --one-file-system --sort=name -cf "$WORK/base.tar.new" .
  mv "$WORK/base.tar.new" "$WORK/base-$SUITE.tar"
  rm -rf "$root"
}

if ! podman image exists "$BASE" 2>"$WORK/podman.err"; then
  [ -s "$WORK/base-$SUITE.tar" ] || { echo "container: making a base image ($SUITE)"; base; }
  podman import -q --change CMD=python3 --change ENV=PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    "$WORK/base-$SUITE.tar" "$BASE" >/dev/null 2>"$WORK/podman.err" || cannot "podman does not work here: $(tail -n 1 "$WORK/podman.err")"
fi
podman run --rm --pull=never --network host "$BASE" true 2>"$WORK/podman.err" || cannot "podman cannot run a container here: $(tail -n 1 "$WORK/podman.err")"

# The generator of a current podman, for the example in docs/: Debian 12's own is too old to have one.
quadlet() {
  local apt=$WORK/apt
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $SUITE main" >"$apt/sources.list"
  local options=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$apt/lists" -o Dir::State::status=/dev/null -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update && (cd "$apt" && apt-get "${options[@]}" download podman) \
    && dpkg-deb --fsys-tarfile "$apt"/podman_*.deb | tar -xO ./usr/libexec/podman/quadlet >"$WORK/quadlet.new" \
    && chmod +x "$WORK/quadlet.new" && mv "$WORK/quadlet.new" "$WORK/quadlet"
}
[ -x "$WORK/quadlet" ] || quadlet >"$WORK/quadlet.log" 2>&1 || echo "container: no quadlet could be unpacked: $(tail -n 1 "$WORK/quadlet.log")"
rm -rf "$WORK/apt"
[ ! -x "$WORK/quadlet" ] || export QUADLET=$WORK/quadlet

echo "container: building $CONTEXT/Containerfile on $BASE"
# What this machine trusts, for the build's own downloads; mounted for RUN alone and in no layer.
trust=(); [ ! -r $CA ] || trust=(-v "$CA:$CA:ro")
buildah build --runtime "$(command -v runc)" --format docker --network host --pull-never "${trust[@]}" \
  --build-arg "REVISION=$(git rev-parse --verify --quiet HEAD 2>/dev/null || true)" -f "$CONTEXT/Containerfile" -t "$IMAGE" "$CONTEXT" >"$WORK/build.log" 2>&1 \
  || { tail -n 30 "$WORK/build.log"; echo "container: the build failed"; exit 1; }
podman image prune --force >/dev/null            # the image of the last run, which has lost its name
"$PYTHON" -m tests.e2e.container "$IMAGE"
