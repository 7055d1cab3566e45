package io.claritystream.base.crypto;

import com.google.crypto.tink.KmsClient;
import com.google.crypto.tink.KmsClients;
import java.security.GeneralSecurityException;
import java.util.ServiceLoader;
import java.util.Set;

/// A key that never leaves a key management service. Which services there are is up to the class
/// path: a [KmsClient] that is offered as a service of the JVM or was registered with Tink.
final class KmsKey {

  static KeyEncryptionKey open(String uri) {
    String place = "The key " + uri;
    try {
      return new KeyEncryptionKey.Of(uri, Set.of(uri), place, client(uri).getAead(uri));
    } catch (GeneralSecurityException refused) {
      throw new MasterKeyFault(
          place + " cannot be used: " + refused.getMessage() + "; check clarity.crypto.kms-uri.",
          refused);
    }
  }

  private static KmsClient client(String uri) throws GeneralSecurityException {
    for (KmsClient client : ServiceLoader.load(KmsClient.class)) {
      if (client.doesSupport(uri)) {
        return client.withDefaultCredentials();
      }
    }
    return KmsClients.get(uri);
  }

  private KmsKey() {}
}
