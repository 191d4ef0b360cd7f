#!/usr/bin/env bash
# Puts VS Code (code-server, with the Node it wants) and Chromium onto a Debian 12 machine, once.
set -euo pipefail
cache=${AIANA_DEV_CACHE:-$HOME/.cache/aiana-dev}
version=4.139.1
mkdir -p "$cache"
needed=(libkrb5-dev libx11-dev libxkbfile-dev libsecret-1-dev pkg-config g++ make chromium)
if ! dpkg -s "${needed[@]}" >/dev/null 2>&1; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -q
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -q --no-install-recommends "${needed[@]}"
fi
[ -e "$cache/code-server/.installed-$version" ] && exit 0
npm install --no-audit --no-fund --prefix "$cache/node24" node@24
node=$(cd "$cache"/node24/node_modules/node/node_modules/node-linux-* && pwd)
PATH=$node/bin:$PATH npm_config_nodedir=$node \
  npm install --no-audit --no-fund --prefix "$cache/code-server" "code-server@$version"
touch "$cache/code-server/.installed-$version"
