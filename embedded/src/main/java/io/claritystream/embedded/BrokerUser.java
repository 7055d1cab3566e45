package io.claritystream.embedded;

import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.scram.ScramCredential;
import org.apache.kafka.common.security.scram.ScramCredentialCallback;
import org.apache.kafka.common.security.scram.internals.ScramFormatter;
import org.apache.kafka.common.security.scram.internals.ScramMechanism;
import org.jspecify.annotations.Nullable;

/// The one user that a broker knows: the one it logs in as itself. Made by Kafka, by its name.
///
/// Kafka would keep the users of SCRAM in its metadata log. There the controller could not use them
/// to guard the way to that very log, and a lost password file would lock the directory for good.
public final class BrokerUser implements AuthenticateCallbackHandler {
  private String user = "";
  private @Nullable ScramCredential credential;

  @Override
  public void configure(
      Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> logins) {
    Map<String, ?> login = logins.getFirst().getOptions();
    user = String.valueOf(login.get("username"));
    try {
      // With a random password the smallest number of rounds is as good as any.
      credential =
          new ScramFormatter(ScramMechanism.SCRAM_SHA_256)
              .generateCredential(
                  String.valueOf(login.get("password")),
                  ScramMechanism.SCRAM_SHA_256.minIterations());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void handle(Callback[] callbacks) throws UnsupportedCallbackException {
    String asked = "";
    for (Callback callback : callbacks) {
      switch (callback) {
        case NameCallback name -> asked = name.getDefaultName();
        case ScramCredentialCallback wanted -> {
          if (asked.equals(user)) {
            wanted.scramCredential(credential);
          }
        }
        default -> throw new UnsupportedCallbackException(callback);
      }
    }
  }

  @Override
  public void close() {
    // Holds nothing that must be closed.
  }
}
