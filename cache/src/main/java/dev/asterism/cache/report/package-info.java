/// What stands in a store, who holds it, and what would go with a holder: read from the file system
/// alone, with a daemon at work or without.
///
/// Start at [dev.asterism.cache.report.StoreSurvey]. Nothing here changes the store, takes its lock
/// or knows images: who groups layers is the caller.
@NullMarked
package dev.asterism.cache.report;

import org.jspecify.annotations.NullMarked;
