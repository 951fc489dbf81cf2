package dev.asterism.layers;

/// Where a file stands in its layer's tree, in numbers: for telling what is likely to be used
/// together. Immutable.
///
/// @param directory that it is in, the same for all files there
/// @param kin the same for all directories of one name whose parents have one parent, as the
///   `__pycache__` of a package's modules or the `bin` of several versions
record Neighbourhood(int directory, int kin) {}
