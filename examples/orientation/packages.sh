#!/bin/sh
# Installs what the programs here need on Debian 12, and unpacks texts and photographs into FOLDER:
#   packages.sh FOLDER
set -eu
folder=$1

here=$(dirname "$0")
tools="python3-opencv python3-pil libraqm0"
fonts="$(cat "$here/fonts.txt" "$here/display.txt")"
texts="$(cat "$here/texts.txt")"
pictures="gnome-backgrounds mate-backgrounds ukui-wallpapers plasma-workspace-wallpapers
  lomiri-wallpapers-16.04 lomiri-wallpapers-20.04"

apt-get install -y --no-install-recommends $tools $fonts
mkdir -p "$folder/packages" "$folder/text" "$folder/pictures"
cd "$folder/packages"
apt-get download $texts $pictures
for name in $texts; do dpkg -x "$name"_*.deb "$folder/text"; done
for name in $pictures; do dpkg -x "$name"_*.deb "$folder/pictures"; done
