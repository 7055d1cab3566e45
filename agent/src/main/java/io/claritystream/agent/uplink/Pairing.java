package io.claritystream.agent.uplink;

import com.google.protobuf.UnsafeByteOperations;
import io.claritystream.protocol.identity.PairingCode;
import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.identity.TrustedPeers;
import io.claritystream.protocol.link.AgentLinkGrpc;
import io.claritystream.protocol.link.PairRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// Makes an agent of this machine: a code and a key made here, for a certificate.
///
/// The code names the platform's authority. The secret in it is said only to a server whose chain
/// ends there, so that a code cannot be taken by whoever stands in between.
public final class Pairing {
  /// How it ended.
  public sealed interface Outcome {}

  public record Paired(String agentId, String workspace) implements Outcome {}

  /// @param reason in words for a person
  public record Refused(String reason) implements Outcome {}

  private Pairing() {}

  public static Outcome pair(
      Path directory,
      ServerAddress server,
      String typed,
      String agentName,
      String version,
      Map<String, String> environment)
      throws IOException {
    var code = PairingCode.parse(typed);
    if (code.isEmpty()) {
      return new Refused(
          "this is not a pairing code; it has 32 letters and digits, like"
              + " XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX");
    }
    var pair = KeyPairs.make();
    var trust = new NamedByCode(code.get());
    var channel = Channels.open(server, null, trust, environment, version);
    try {
      var answer =
          AgentLinkGrpc.newBlockingStub(channel)
              .withDeadlineAfter(30, TimeUnit.SECONDS)
              .pair(
                  PairRequest.newBuilder()
                      .setCode(code.get().secret())
                      .setAgentName(agentName)
                      .setAgentVersion(version)
                      .setPublicKey(UnsafeByteOperations.unsafeWrap(pair.getPublic().getEncoded()))
                      .setProof(
                          UnsafeByteOperations.unsafeWrap(
                              KeyPairs.proof(pair, "clarity-pair-v1", code.get().secret())))
                      .build());
      var credentials = Credentials.of(pair.getPrivate(), answer.getCertificate());
      if (!code.get().names(credentials.authority())) {
        return new Refused("the certificate is of an authority that the code does not name");
      }
      var agentId = credentials.agentId().toString();
      Identity.save(directory, server, agentName, answer.getTenantName(), credentials);
      return new Paired(agentId, answer.getTenantName());
    } catch (GeneralSecurityException e) {
      return new Refused("the platform gave a certificate that cannot be used: " + e.getMessage());
    } catch (StatusRuntimeException e) {
      return new Refused(reason(e, server));
    } finally {
      channel.shutdownNow();
    }
  }

  private static String reason(StatusRuntimeException e, ServerAddress server) {
    return switch (e.getStatus().getCode()) {
      case UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT, FAILED_PRECONDITION ->
          e.getStatus().getDescription() == null
              ? "the platform does not take this code; codes are good for ten minutes and for one"
                  + " agent, so make a new one"
              : "the platform does not take this code: " + e.getStatus().getDescription();
      default -> Failures.words(e, server);
    };
  }

  /// Trusts an edge whose chain ends at the authority that the code names.
  private static final class NamedByCode extends X509ExtendedTrustManager {
    private final PairingCode code;

    NamedByCode(PairingCode code) {
      this.code = code;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      for (var certificate : chain) {
        if (code.names(certificate)) {
          try {
            var edges = TrustedPeers.identifiedAs("an edge", PeerIdentity.Edge.class);
            edges.trust(List.of(certificate));
            edges.checkServerTrusted(chain, type);
            return;
          } catch (CertificateException e) {
            throw e;
          } catch (GeneralSecurityException e) {
            throw new CertificateException(e);
          }
        }
      }
      throw new CertificateException(
          "its authority is not the one that the pairing code names. Check the code and the"
              + " server's address; if both are right, somebody stands in between");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, @Nullable Socket socket)
        throws CertificateException {
      checkServerTrusted(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, @Nullable SSLEngine engine)
        throws CertificateException {
      checkServerTrusted(chain, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
        throws CertificateException {
      throw new CertificateException("an agent is nobody's server");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, @Nullable Socket socket)
        throws CertificateException {
      checkClientTrusted(chain, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, @Nullable SSLEngine engine)
        throws CertificateException {
      checkClientTrusted(chain, type);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
