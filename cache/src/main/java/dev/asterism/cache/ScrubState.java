package dev.asterism.cache;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Where a scrub is, as a line in a small file: what a restart goes on from. Immutable.
///
/// Losing the file costs a pass from the beginning, so it is not synced.
///
/// @param next number of the next directory: 0 to 255 in `objects`, 256 to 511 in `chunks`, 512 to
///   767 in the layers' own
/// @param begunSecond when the pass began, seconds of the epoch; 0 if none is under way
/// @param completeSecond when the last pass ended; 0 if none has
/// @param files files that this pass has hashed
/// @param bytes bytes that it has
/// @param wrong files that were wrong, all passes together
/// @param healed files that came back
record ScrubState(
    int next,
    long begunSecond,
    long completeSecond,
    long files,
    long bytes,
    long wrong,
    long healed) {
  /// The number of directories of a pass.
  static final int DIRECTORIES = 768;

  private static final ScrubState NONE = new ScrubState(0, 0, 0, 0, 0, 0, 0);
  private static final Pattern LINE =
      Pattern.compile(
          "1 next=(\\d{1,3}) begun=(\\d{1,12}) complete=(\\d{1,12}) files=(\\d{1,15})"
              + " bytes=(\\d{1,18}) wrong=(\\d{1,15}) healed=(\\d{1,15})");
  private static final int MAX_SIZE = 512;

  /// Reads it; a new one where there is none, or none that we understand.
  static ScrubState read(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      String text = new String(in.readNBytes(MAX_SIZE), StandardCharsets.US_ASCII);
      Optional<String> line = text.lines().findFirst();
      return line.flatMap(ScrubState::parse).orElse(NONE);
    } catch (NoSuchFileException _) {
      return NONE;
    }
  }

  private static Optional<ScrubState> parse(String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches() || Integer.parseInt(matcher.group(1)) >= DIRECTORIES) {
      return Optional.empty();
    }
    List<Long> numbers =
        java.util.stream.IntStream.rangeClosed(1, 7)
            .mapToObj(i -> Long.valueOf(matcher.group(i)))
            .toList();
    return Optional.of(
        new ScrubState(
            numbers.get(0).intValue(),
            numbers.get(1),
            numbers.get(2),
            numbers.get(3),
            numbers.get(4),
            numbers.get(5),
            numbers.get(6)));
  }

  void write(Path file) throws IOException {
    Path unfinished = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(
        unfinished,
        "1 next=%d begun=%d complete=%d files=%d bytes=%d wrong=%d healed=%d\n"
            .formatted(next, begunSecond, completeSecond, files, bytes, wrong, healed));
    Files.move(
        unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /// Returns the state at the beginning of a pass.
  ScrubState begin(long second) {
    return new ScrubState(0, second, completeSecond, 0, 0, wrong, healed);
  }

  /// Returns the state after a directory.
  ScrubState after(long moreFiles, long moreBytes, long moreWrong) {
    return new ScrubState(
        next + 1,
        begunSecond,
        completeSecond,
        files + moreFiles,
        bytes + moreBytes,
        wrong + moreWrong,
        healed);
  }

  /// Returns the state after a pass.
  ScrubState complete(long second) {
    return new ScrubState(0, 0, second, files, bytes, wrong, healed);
  }

  /// Returns the state after files have come back.
  ScrubState healedMore(long more) {
    return new ScrubState(next, begunSecond, completeSecond, files, bytes, wrong, healed + more);
  }
}
