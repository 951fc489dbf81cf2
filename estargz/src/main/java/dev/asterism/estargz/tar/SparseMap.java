package dev.asterism.estargz.tar;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.asterism.content.MalformedLayerException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Where the stored bytes of a sparse file lie in it; all else is zeros. Immutable.
///
/// Source: GNU tar manual, "Storing Sparse Files": the old GNU format, and versions 0.1 and 1.0 of
/// the PAX format. (Version 0.0 repeats a key, which PAX readers may not; it is refused.)
///
/// @param fileSize bytes of the file, holes included
/// @param parts in file order, not overlapping, within the file
record SparseMap(long fileSize, List<Part> parts) {
  /// What is believed: a hole costs its reader time and space, and a header of a few bytes can
  /// claim any size.
  static final long MAX_FILE_SIZE = 16L << 30; // 16 GiB

  private static final int MAX_PARTS = 1 << 16;

  // The old GNU header: pairs of numbers of 12 bytes each, a flag, the real size.
  private static final int HEADER_PAIRS = 386;
  private static final int HEADER_PAIR_COUNT = 4;
  private static final int HEADER_EXTENDED = 482;
  private static final TarHeader.Field REAL_SIZE = new TarHeader.Field(483, 12);
  private static final int BLOCK_PAIR_COUNT = 21;
  private static final int BLOCK_EXTENDED = 504;
  private static final int NUMBER = 12;

  SparseMap {
    parts = List.copyOf(parts);
  }

  /// Stored bytes.
  record Part(long offset, long size) {}

  /// Gives the blocks that follow a header.
  interface Blocks {
    /// Returns the next 512 bytes.
    byte[] next() throws IOException;
  }

  /// Tells whether a header is that of a sparse file.
  static boolean isIn(byte[] header, Map<String, byte[]> records) {
    return header[TarHeader.TYPE] == 'S'
        || records.keySet().stream().anyMatch(key -> key.startsWith(PaxRecords.SPARSE));
  }

  /// Reads the map of a sparse file.
  ///
  /// @param headers gives what follows the header before the content
  /// @param content gives the content, which a map may stand before
  /// @param stored bytes of content, a map in it included
  static SparseMap read(
      byte[] header, Map<String, byte[]> records, Blocks headers, Blocks content, long stored)
      throws IOException {
    if (header[TarHeader.TYPE] == 'S') {
      return ofHeader(header, headers, stored);
    }
    Optional<byte[]> map = find(records, "map");
    if (map.isPresent()) {
      return ofNumbers(number(records, "size"), numbers(map.get()), stored);
    }
    if (find(records, "major").isPresent() && number(records, "major") == 1) {
      return ofContent(number(records, "realsize"), content, stored);
    }
    throw TarHeader.malformed("sparse file of PAX version 0.0: not supported");
  }

  /// Returns the file's name, which the header itself does not have in the PAX formats.
  static Optional<byte[]> name(Map<String, byte[]> records) {
    return find(records, "name");
  }

  private static Optional<byte[]> find(Map<String, byte[]> records, String key) {
    return Optional.ofNullable(records.get(PaxRecords.SPARSE + key));
  }

  private static long number(Map<String, byte[]> records, String key)
      throws MalformedLayerException {
    Optional<byte[]> value = find(records, key);
    if (value.isEmpty()) {
      throw TarHeader.malformed("sparse file without GNU.sparse." + key);
    }
    return PaxRecords.number(value.get());
  }

  private static SparseMap ofHeader(byte[] header, Blocks headers, long stored) throws IOException {
    List<Long> numbers = new ArrayList<>();
    pairs(header, HEADER_PAIRS, HEADER_PAIR_COUNT, numbers);
    boolean extended = header[HEADER_EXTENDED] != 0;
    while (extended) {
      byte[] block = headers.next();
      pairs(block, 0, BLOCK_PAIR_COUNT, numbers);
      extended = block[BLOCK_EXTENDED] != 0;
    }
    return ofNumbers(TarHeader.number(header, REAL_SIZE), numbers, stored);
  }

  private static void pairs(byte[] block, int at, int count, List<Long> numbers)
      throws MalformedLayerException {
    for (int i = 0; i < 2 * count && block[at + i * NUMBER] != 0; i++) {
      numbers.add(TarHeader.number(block, new TarHeader.Field(at + i * NUMBER, NUMBER)));
    }
    checkCount(numbers.size() / 2);
  }

  private static List<Long> numbers(byte[] commaSeparated) throws MalformedLayerException {
    List<Long> numbers = new ArrayList<>();
    for (String number : new String(commaSeparated, US_ASCII).split(",", -1)) {
      numbers.add(PaxRecords.number(number.getBytes(US_ASCII)));
    }
    checkCount(numbers.size() / 2);
    return numbers;
  }

  /// Version 1.0: a count and that many pairs, each number on a line, padded to a block.
  private static SparseMap ofContent(long fileSize, Blocks content, long stored)
      throws IOException {
    Lines lines = new Lines(content);
    long count = lines.number();
    checkCount(count);
    List<Long> numbers = new ArrayList<>();
    for (long i = 0; i < 2 * count; i++) {
      numbers.add(lines.number());
    }
    return ofNumbers(fileSize, numbers, stored - lines.blocks * (long) TarHeader.BLOCK);
  }

  private static void checkCount(long count) throws MalformedLayerException {
    if (count < 0 || count > MAX_PARTS) {
      throw TarHeader.malformed("sparse file of more than %d parts".formatted(MAX_PARTS));
    }
  }

  private static SparseMap ofNumbers(long fileSize, List<Long> numbers, long stored)
      throws MalformedLayerException {
    if (fileSize < 0 || fileSize > MAX_FILE_SIZE) {
      throw TarHeader.malformed(
          "sparse file of %d bytes, more than %d".formatted(fileSize, MAX_FILE_SIZE));
    }
    List<Part> parts = new ArrayList<>();
    long end = 0;
    long sum = 0;
    for (int i = 0; i + 1 < numbers.size(); i += 2) {
      Part part = new Part(numbers.get(i), numbers.get(i + 1));
      if (part.offset() < end || part.size() < 0 || part.offset() > fileSize - part.size()) {
        throw TarHeader.malformed("sparse file's parts overlap or lie outside of it");
      }
      end = part.offset() + part.size();
      sum += part.size();
      if (part.size() > 0) {
        parts.add(part);
      }
    }
    if (sum != stored || numbers.size() % 2 != 0) {
      throw TarHeader.malformed(
          "sparse file's parts have %d bytes, %d are stored".formatted(sum, stored));
    }
    return new SparseMap(fileSize, parts);
  }

  /// Decimal numbers, one on a line.
  private static final class Lines {
    private static final int MAX_DIGITS = 18;

    private final Blocks source;
    private byte[] block = {};
    private int at;
    private int blocks;

    private Lines(Blocks source) {
      this.source = source;
    }

    private long number() throws IOException {
      long value = 0;
      for (int digits = 0; digits <= MAX_DIGITS; digits++) {
        if (at == block.length) {
          block = source.next();
          blocks++;
          at = 0;
        }
        byte c = block[at++];
        if (c == '\n' && digits > 0) {
          return value;
        }
        if (c < '0' || c > '9') {
          break;
        }
        value = value * 10 + c - '0';
      }
      throw TarHeader.malformed("sparse file's map is malformed");
    }
  }
}
