package io.claritystream.base.crypto;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/// `clarity.crypto.*`: one of the first three says where the master key is.
///
/// @param masterKeyFile the file with the master keyset; to be backed up apart from the database
/// @param masterKeyVariable the environment variable with the master keyset, in base64
/// @param kmsUri the key of a key management service, as its Tink client names it
/// @param alsoDecrypt further master keys, which decrypt and do not encrypt, while one takes the
///     place of another: `file:PATH`, `variable:NAME` or the URI of a key management service
@ConfigurationProperties(prefix = "clarity.crypto", ignoreUnknownFields = false)
record CryptoProperties(
    @Nullable Path masterKeyFile,
    @Nullable String masterKeyVariable,
    @Nullable String kmsUri,
    @DefaultValue List<String> alsoDecrypt) {

  CryptoProperties {
    int named =
        (masterKeyFile == null ? 0 : 1)
            + (masterKeyVariable == null ? 0 : 1)
            + (kmsUri == null ? 0 : 1);
    if (named != 1) {
      throw new IllegalArgumentException(
          "exactly one of clarity.crypto.master-key-file, clarity.crypto.master-key-variable and"
              + " clarity.crypto.kms-uri says where the master key is; configured are "
              + named);
    }
    alsoDecrypt = List.copyOf(alsoDecrypt);
  }
}
