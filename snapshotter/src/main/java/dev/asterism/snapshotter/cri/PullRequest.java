package dev.asterism.snapshotter.cri;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;

/// What a `PullImageRequest` of the CRI (runtime/v1/api.proto) asks for, and as whom. Immutable;
/// never printed with its secrets.
///
/// Everything but the fields named here is left out; each is empty where it was not given.
///
/// @param image reference, field `image` (1) of `ImageSpec` (1)
/// @param user field `username` (1) of `AuthConfig` (2)
/// @param password field `password` (2)
/// @param auth field `auth` (3), base64 of `user:password`
/// @param server field `server_address` (4)
/// @param identityToken field `identity_token` (5)
public record PullRequest(
    String image, String user, String password, String auth, String server, String identityToken) {

  /// Reads one.
  ///
  /// @throws IOException if it is no protobuf message
  static PullRequest parse(byte[] message) throws IOException {
    String image = imageOf(message);
    String[] auth = {"", "", "", "", "", ""};
    CodedInputStream fields = open(message, 2);
    for (int tag = fields.readTag(); tag != 0; tag = fields.readTag()) {
      int number = WireFormat.getTagFieldNumber(tag);
      if (isBytes(tag) && number >= 1 && number < auth.length) {
        auth[number] = fields.readStringRequireUtf8();
      } else {
        fields.skipField(tag);
      }
    }
    return new PullRequest(image, auth[1], auth[2], auth[3], auth[4], auth[5]);
  }

  /// Returns the image of a message whose first field is an `ImageSpec`.
  ///
  /// @throws IOException if it is no protobuf message
  static String imageOf(byte[] message) throws IOException {
    String image = "";
    CodedInputStream spec = open(message, 1);
    for (int tag = spec.readTag(); tag != 0; tag = spec.readTag()) {
      if (isBytes(tag) && WireFormat.getTagFieldNumber(tag) == 1) {
        image = spec.readStringRequireUtf8();
      } else {
        spec.skipField(tag);
      }
    }
    return image;
  }

  /// Opens the last message within `message` that has this field number; an empty one without it.
  private static CodedInputStream open(byte[] message, int number) throws IOException {
    byte[] found = new byte[0];
    CodedInputStream fields = CodedInputStream.newInstance(message);
    for (int tag = fields.readTag(); tag != 0; tag = fields.readTag()) {
      if (isBytes(tag) && WireFormat.getTagFieldNumber(tag) == number) {
        found = fields.readByteArray();
      } else {
        fields.skipField(tag);
      }
    }
    return CodedInputStream.newInstance(found);
  }

  private static boolean isBytes(int tag) {
    return WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
  }

  @Override
  public String toString() {
    return "PullRequest[image=%s]".formatted(image);
  }
}
