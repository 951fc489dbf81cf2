package dev.asterism.erofs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/// Layers unpacked into plain directories, entry by entry, by a shell script that does with the
/// kernel's own calls what containerd does.
///
/// Nothing of this module is used: it is the other opinion.
final class Unpacked {
  /// Functions for one layer; the script stands in the layer's directory, `$LOWERS` are the
  /// directories of the layers below, topmost first.
  private static final String FUNCTIONS =
      """
      set -ef
      PENDING=../pending; IMPLICIT=../implicit; TIMES=../times
      TAB=$(printf '\\t')
      : > $PENDING; : > $IMPLICIT; : > $TIMES
      exists() { [ -e "$1" ] || [ -L "$1" ]; }
      is_dir() { [ -d "$1" ] && [ ! -L "$1" ]; }

      # The layer whose directory a missing parent $1 takes after: the nearest that has anything there,
      # whether or not a layer between hides it.
      below() {
        for part in $LOWERS; do
          prefix=$part; rest=$1/
          while [ -n "$rest" ]; do
            prefix=$prefix/${rest%%/*}; rest=${rest#*/}
            if ! is_dir "$prefix"; then
              if exists "$prefix"; then return; fi
              continue 2
            fi
          done
          echo "$part"; return
        done
      }

      # Removes a path and forgets what was to be done to it at the end.
      clear() {
        rm -rf "$1"
        for list in $IMPLICIT $TIMES; do
          GONE=$1 awk -F "$TAB" '{ gone = ENVIRON["GONE"] }
            $2 != gone && index($2, gone "/") != 1' $list > ../kept
          mv ../kept $list
        done
      }

      make_parents() {
        made=; left=$1
        while [ "$left" != "${left#*/}" ]; do
          made=$made${made:+/}${left%%/*}; left=${left#*/}
          if is_dir "$made"; then continue; fi
          if exists "$made"; then echo "parent is a file: $made"; exit 1; fi
          mkdir "$made"; chmod 00755 "$made"
          part=$(below "$made"); time=@0
          if [ -n "$part" ]; then
            chown --reference="$part/$made" "$made"
            (cd "$part/$made"; getfattr -d -e hex -m "^(user|security|system)" .) > "$OUT/copied"
            (cd "$made"; setfattr --restore="$OUT/copied")
            chmod --reference="$part/$made" "$made"
            time=@$(stat -c %.9Y "$part/$made")
          fi
          printf '%s\\t%s\\n' "$time" "$made" >> $IMPLICIT
        done
      }

      # path owner mode time, then xattrs
      describe() {
        described=$1; mode=$2; time=$4
        chown -h "$3" "$1"; shift 4
        while [ $# -gt 0 ]; do
          case $1 in trusted.*) ;; *) setfattr -h -n "$1" -v "$2" "$described" ;; esac
          shift 2
        done
        if [ ! -L "$described" ]; then chmod "$mode" "$described"; fi
        touch -h -d "$time" "$described"
      }

      entry_dir() {
        make_parents "$1"
        if ! is_dir "$1"; then clear "$1"; mkdir "$1"; fi
        describe "$@"; printf '%s\\t%s\\n' "$4" "$1" >> $TIMES
      }
      entry_file() {
        make_parents "$1"; clear "$1"; printf %s "$5" > "$1"
        path=$1; mode=$2; owner=$3; time=$4; shift 5
        describe "$path" "$mode" "$owner" "$time" "$@"
      }
      entry_symlink() {
        make_parents "$1"; clear "$1"; ln -s "$5" "$1"
        path=$1; mode=$2; owner=$3; time=$4; shift 5
        describe "$path" "$mode" "$owner" "$time" "$@"
      }
      entry_node() {
        make_parents "$1"; clear "$1"; mknod "$1" $5
        path=$1; mode=$2; owner=$3; time=$4; shift 5
        describe "$path" "$mode" "$owner" "$time" "$@"
      }
      entry_link() {
        make_parents "$1"; clear "$1"
        path=$1; mode=$2; owner=$3; time=$4; target=$5; shift 5
        if exists "$target" && ! is_dir "$target"; then
          ln -P "$target" "$path"
          describe "$path" "$mode" "$owner" "$time" "$@"
        else
          echo "placeholder for $target" > "$path"; printf '%s\\t%s\\n' "$path" "$target" >> $PENDING
        fi
      }
      entry_whiteout() { make_parents "$1"; if ! exists "$1"; then mknod -m 0 "$1" c 0 0; fi; }
      entry_opaque() { make_parents "$1/"; setfattr -n trusted.overlay.opaque -v y "$1"; }

      finish() {
        for round in 1 2 3 4; do
          while IFS=$TAB read -r path target; do
            if [ -f "$path" ] && [ ! -L "$path" ] && [ "$(cat "$path")" = "placeholder for $target" ] \\
              && exists "$target" && ! { [ -f "$target" ] && grep -q '^placeholder for' "$target"; }; then
              rm "$path"; ln -P "$target" "$path"
            fi
          done < $PENDING
        done
        for list in $IMPLICIT $TIMES; do
          while IFS=$TAB read -r time path; do
            if is_dir "$path"; then touch -d "$time" "$path"; fi
          done < $list
        done
      }
      """;

  private final Path base;

  /// @param base where the layers' directories `l0`, `l1`, … are made
  Unpacked(Path base) {
    this.base = base;
  }

  /// Unpacks the layer number `index` and returns its directory's name.
  ///
  /// @param lowers directories of the layers below, topmost first
  String unpack(int index, List<LayerEntry> entries, List<String> lowers) throws IOException {
    String name = "l" + index;
    Files.createDirectories(base.resolve(name));
    String script =
        "OUT="
            + base
            + "; LOWERS='"
            + lowers.stream().map(lower -> "../" + lower).collect(Collectors.joining(" "))
            + "'\n"
            + FUNCTIONS
            + entries.stream().map(LayerEntry::script).collect(Collectors.joining("\n"))
            + "\nfinish\n";
    Path file = base.resolve(name + ".sh");
    Files.writeString(file, script, StandardCharsets.UTF_8);
    Shell.run(base.resolve(name), "sh", file.toString());
    return name;
  }
}
