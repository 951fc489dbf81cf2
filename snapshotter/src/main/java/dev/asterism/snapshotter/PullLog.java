package dev.asterism.snapshotter;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.content.Digest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;

/// What became of the layers of each pull, as one line at its end.
///
/// A pull ends with the layer that its labels call the last one; clients that do not list an
/// image's layers have no such line. Layers that a node had before are not asked for, and not
/// counted. Thread-safe.
final class PullLog {
  /// Pulls that go on at a time; the oldest is given up.
  private static final int MOST_PULLS = 256;

  /// Layers of a pull that are named with their reason; the rest is counted.
  private static final int MOST_REASONS = 16;

  @GuardedBy("this")
  private final Map<String, Pull> pulls =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Pull> eldest) {
          return size() > MOST_PULLS;
        }
      };

  private static final class Pull {
    private final long began = System.nanoTime();
    private final List<String> reasons = new ArrayList<>();
    private int lazy;
    private int others;
  }

  /// Notes a layer that is read lazily.
  ///
  /// @param isLast whether it is the image's last
  /// @return the line of the pull, if it has ended with this layer
  synchronized Optional<String> lazy(String image, boolean isLast) {
    pulls.computeIfAbsent(image, _ -> new Pull()).lazy++;
    return end(image, isLast);
  }

  /// Notes a layer that is unpacked instead. Returns as [#lazy].
  synchronized Optional<String> unpacked(
      String image, Digest layer, Throwable reason, boolean isLast) {
    Pull pull = pulls.computeIfAbsent(image, _ -> new Pull());
    pull.others++;
    if (pull.reasons.size() < MOST_REASONS) {
      pull.reasons.add(layer + ": " + LogText.describe(reason));
    }
    return end(image, isLast);
  }

  @GuardedBy("this")
  private Optional<String> end(String image, boolean isLast) {
    if (!isLast) {
      return Optional.empty();
    }
    Pull pull = pulls.remove(image);
    if (pull == null) {
      return Optional.empty();
    }
    StringJoiner reasons = new StringJoiner("; ");
    pull.reasons.forEach(reasons::add);
    return Optional.of(
        "image-prepared image=%s layers=%d lazy=%d millis=%d not-lazy=%s"
            .formatted(
                LogText.quote(image),
                pull.lazy + pull.others,
                pull.lazy,
                Duration.ofNanos(System.nanoTime() - pull.began).toMillis(),
                LogText.quote(reasons.toString())));
  }
}
