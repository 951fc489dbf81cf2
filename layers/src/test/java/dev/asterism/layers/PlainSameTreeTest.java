package dev.asterism.layers;

import dev.asterism.cache.DirectoryCacheConfig;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;

/// The same where each layer has its own copies.
@Tag("kernel")
@Timeout(300)
final class PlainSameTreeTest extends SameTreeTest {
  @Override
  DirectoryCacheConfig config() {
    return DirectoryCacheConfig.plain();
  }
}
