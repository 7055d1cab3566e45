package io.claritystream.base.crypto;

import io.claritystream.base.db.TenantId;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// What an encrypted value is, and of what: it can be decrypted under this name only.
///
/// @param purpose a constant of the code, as `connection`
/// @param id the row it belongs to
public record EncryptionContext(String purpose, String id) {
  public EncryptionContext {
    if (purpose.isBlank() || id.isBlank()) {
      throw new IllegalArgumentException("a purpose and an id are needed");
    }
  }

  /// Each part after its length, so that no two contexts read alike.
  ///
  /// @param tenant whose value it is; null for the platform's own
  byte[] associatedData(@Nullable TenantId tenant) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    String owner = tenant == null ? "" : tenant.toString();
    for (String part : new String[] {owner, purpose, id}) {
      byte[] text = part.getBytes(StandardCharsets.UTF_8);
      bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(text.length).array());
      bytes.writeBytes(text);
    }
    return bytes.toByteArray();
  }
}
