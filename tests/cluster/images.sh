#!/usr/bin/env bash
# images.sh: makes an image archive of each of our programs that `cargo build` has built, and of those that only
# tests need, in a moment and without a container engine, and prints their paths. SEGMENT_PROFILE is `debug` (the default)
# or `release`.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

profile="${SEGMENT_PROFILE:-debug}"
registry="${SEGMENT_REGISTRY:-segmentation.local}"
tag="${SEGMENT_TAG:-dev}"
programs=(segment-operator segment-jobs)

folder="$target/cluster-images/$profile"
mkdir -p "$folder"
(cd "$here/image" && CGO_ENABLED=0 go build -o "$folder/image" .)
for program in pause hungry; do
  (cd "$here/image" && CGO_ENABLED=0 go build -ldflags '-s -w' -o "$folder/$program" "./$program")
  "$folder/image" "$folder/$program.tar" "segmentation.local/$program:1" "$folder/$program"
  echo "$folder/$program.tar"
done
for program in "${programs[@]}"; do
  built="$target/$profile/$program"
  archive="$folder/$program.tar"
  if [ ! -e "$built" ]; then
    rm -f "$archive"
    continue
  fi
  if [ ! -e "$archive" ] || [ "$built" -nt "$archive" ]; then
    # Without debug information a tenth is left to pack and to unpack.
    strip --strip-debug -o "$folder/$program" "$built"
    "$folder/image" "$archive" "$registry/$program:$tag" "$folder/$program"
  fi
  echo "$archive"
done
