package dev.asterism.containerd;

/// The name of an image in containerd: any text, usually a reference with its registry.
record ImageName(String text) {
  /// Tells whether it ends in a tag: then another image can lie beside it.
  boolean hasTag() {
    return text.lastIndexOf(':') > text.lastIndexOf('/') && text.indexOf('@') < 0;
  }

  @Override
  public String toString() {
    return text;
  }
}
