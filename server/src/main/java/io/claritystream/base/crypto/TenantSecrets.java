package io.claritystream.base.crypto;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.crypto.tink.Aead;
import io.claritystream.base.db.TenantId;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;

/// Encrypts what is a tenant's own secret, under a key that is the tenant's alone.
///
/// What comes out is `1`, the id of the key (16 bytes) and the ciphertext of AES-256-GCM. It is
/// bound to the tenant, the purpose and the row, so that a value that was copied to another row, or
/// to another tenant's, is not decrypted there.
///
/// It may be called within any transaction, and is not part of it: a key that is made stays.
public final class TenantSecrets {

  /// How long a process may go on encrypting with a key that another has just taken out of use.
  /// What it writes can be read all the same.
  static final Duration IN_USE_AGE_MAX = Duration.ofMinutes(1);

  private static final Duration KEY_AGE_MAX = Duration.ofMinutes(10);
  private static final int KEYS_MAX = 10_000;
  private static final byte FORMAT = 1;
  private static final int HEADER = 1 + 2 * Long.BYTES;

  /// So much longer is a secret when it is encrypted, and a little more.
  public static final int OVERHEAD = 64;

  private final TenantKeys keys;
  private final Cache<TenantId, TenantKeys.Key> inUse =
      Caffeine.newBuilder().maximumSize(KEYS_MAX).expireAfterWrite(IN_USE_AGE_MAX).build();
  private final Cache<UUID, TenantKeys.Key> byId =
      Caffeine.newBuilder().maximumSize(KEYS_MAX).expireAfterWrite(KEY_AGE_MAX).build();

  TenantSecrets(TenantKeys keys) {
    this.keys = keys;
  }

  /// The value, to be stored. The tenant's first key is made when it is first needed.
  public byte[] encrypt(TenantId tenant, EncryptionContext context, byte[] plain) {
    TenantKeys.Key key = inUse(tenant);
    byte[] encrypted;
    try {
      encrypted = key.aead().encrypt(plain, context.associatedData(tenant));
    } catch (GeneralSecurityException broken) {
      throw new IllegalStateException("cannot encrypt " + context, broken);
    }
    return ByteBuffer.allocate(HEADER + encrypted.length)
        .put(FORMAT)
        .putLong(key.id().getMostSignificantBits())
        .putLong(key.id().getLeastSignificantBits())
        .put(encrypted)
        .array();
  }

  /// The value as it was, if it was encrypted for this tenant and context.
  public byte[] decrypt(TenantId tenant, EncryptionContext context, byte[] encrypted)
      throws Undecryptable {
    UUID keyId = keyId(context, encrypted);
    Aead key =
        key(tenant, keyId)
            .orElseThrow(() -> new Undecryptable(context, "the tenant has no key " + keyId))
            .aead();
    try {
      return key.decrypt(
          Arrays.copyOfRange(encrypted, HEADER, encrypted.length), context.associatedData(tenant));
    } catch (GeneralSecurityException refused) {
      throw new Undecryptable(context, refused);
    }
  }

  /// The value encrypted anew if its key is no longer in use; empty if there is nothing to do. For
  /// whoever goes through stored rows after a key was replaced.
  public Optional<byte[]> renewed(TenantId tenant, EncryptionContext context, byte[] encrypted)
      throws Undecryptable {
    if (keyId(context, encrypted).equals(inUse(tenant).id())) {
      return Optional.empty();
    }
    return Optional.of(encrypt(tenant, context, decrypt(tenant, context, encrypted)));
  }

  /// What is known of keys is read again: for tests, and for who has just replaced one.
  void forget() {
    inUse.invalidateAll();
    byId.invalidateAll();
  }

  private TenantKeys.Key inUse(TenantId tenant) {
    // The database is asked outside the cache's locks; two who ask at once hear the same.
    TenantKeys.Key known = inUse.getIfPresent(tenant);
    if (known == null) {
      known = keys.inUse(tenant);
      inUse.put(tenant, known);
      byId.put(known.id(), known);
    }
    return known;
  }

  private Optional<TenantKeys.Key> key(TenantId tenant, UUID id) {
    TenantKeys.Key known = byId.getIfPresent(id);
    if (known == null) {
      Optional<TenantKeys.Key> found = keys.find(tenant, id);
      found.ifPresent(key -> byId.put(id, key));
      return found;
    }
    return known.tenant().equals(tenant) ? Optional.of(known) : Optional.empty();
  }

  private static UUID keyId(EncryptionContext context, byte[] encrypted) throws Undecryptable {
    if (encrypted.length < HEADER || encrypted[0] != FORMAT) {
      throw new Undecryptable(context, "it is not of a form that is known");
    }
    ByteBuffer header = ByteBuffer.wrap(encrypted, 1, HEADER - 1);
    return new UUID(header.getLong(), header.getLong());
  }
}
