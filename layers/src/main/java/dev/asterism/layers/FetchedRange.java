package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import java.time.Duration;

/// A range request that has ended, well or not. Immutable.
///
/// @param range compressed bytes of the blob that it was for
/// @param why the most urgent reason when it began
/// @param bytes that came over the link: of one that failed, what it had brought by then
/// @param untilAnswer from the request to its answer; as `took` if there was none
/// @param took from the request to its end
/// @param whole whether it ended well
record FetchedRange(
    ByteRange range,
    FetchClass why,
    long bytes,
    Duration untilAnswer,
    Duration took,
    boolean whole) {}
