/// `asterism cache`: what the store holds, for whom, and what keeping it costs.
///
/// Start at [dev.asterism.cli.cache.CacheCommand]. What is there is read from the file system
/// ([dev.asterism.cli.cache.StoreContent]); what happens to it (pins, cleaning, repair) goes
/// through the daemon where one runs.
@NullMarked
package dev.asterism.cli.cache;

import org.jspecify.annotations.NullMarked;
