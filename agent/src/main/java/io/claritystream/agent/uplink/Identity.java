package io.claritystream.agent.uplink;

import io.claritystream.agent.files.PrivateFile;
import io.claritystream.protocol.identity.PeerIdentity;
import io.claritystream.protocol.identity.SwitchableKeys;
import io.claritystream.protocol.identity.TrustedPeers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Who this agent is to the platform, kept in its data directory.
///
/// A renewed certificate is on disk before it is used, and the old one stays there until a stream
/// was welcomed under the new one: whatever moment the machine stops at, one of them works.
public final class Identity {
  private static final String ABOUT = "identity.properties";
  private static final String CURRENT = "identity.pem";
  private static final String NEXT = "identity-next.pem";

  private final Path directory;
  private final ServerAddress server;
  private final UUID agentId;
  private final String agentName;
  private final String workspace;
  private final SwitchableKeys keys = new SwitchableKeys();
  private final TrustedPeers edges =
      TrustedPeers.identifiedAs("an edge of the platform", PeerIdentity.Edge.class);
  private Credentials current;
  private @Nullable Credentials next;
  private boolean nextInUse;

  private Identity(
      Path directory,
      ServerAddress server,
      String agentName,
      String workspace,
      Credentials current,
      @Nullable Credentials next)
      throws GeneralSecurityException {
    this.directory = directory;
    this.server = server;
    agentId = current.agentId();
    this.agentName = agentName;
    this.workspace = workspace;
    this.current = current;
    this.next = next;
    edges.trust(List.of(current.authority()));
    use(next == null ? current : next);
    nextInUse = next != null;
  }

  /// The identity that pairing left in the directory, if there is one.
  public static Optional<Identity> load(Path directory) throws IOException {
    var about = PrivateFile.readProperties(directory.resolve(ABOUT));
    var current = Credentials.load(directory.resolve(CURRENT));
    if (about.isEmpty() || current.isEmpty()) {
      return Optional.empty();
    }
    var next = Credentials.load(directory.resolve(NEXT));
    try {
      return Optional.of(
          new Identity(
              directory,
              ServerAddress.parse(about.get().getOrDefault("server", "")),
              about.get().getOrDefault("agent_name", ""),
              about.get().getOrDefault("workspace", ""),
              current.get(),
              next.orElse(null)));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new IOException(
          "the identity in " + directory + " cannot be used (" + e.getMessage() + "); pair again",
          e);
    }
  }

  /// Keeps what pairing gave, on disk before it is used. Which agent it is stands in the
  /// certificate alone, so that the two files cannot speak of different ones.
  static void save(
      Path directory,
      ServerAddress server,
      String agentName,
      String workspace,
      Credentials credentials)
      throws IOException {
    Files.deleteIfExists(directory.resolve(NEXT));
    credentials.save(directory.resolve(CURRENT));
    var about = new LinkedHashMap<String, String>();
    about.put("server", server.toString());
    about.put("agent_name", agentName);
    about.put("workspace", workspace);
    PrivateFile.write(directory.resolve(ABOUT), PrivateFile.properties(about));
  }

  public ServerAddress server() {
    return server;
  }

  public String agentId() {
    return agentId.toString();
  }

  public String agentName() {
    return agentName;
  }

  public String workspace() {
    return workspace;
  }

  SwitchableKeys keys() {
    return keys;
  }

  TrustedPeers edges() {
    return edges;
  }

  public synchronized Instant expiresAt() {
    return newest().expiresAt();
  }

  synchronized boolean renewalDue(Instant now) {
    return !now.isBefore(inUse().renewAt()) && now.isBefore(inUse().expiresAt());
  }

  synchronized boolean expired(Instant now) {
    return !now.isBefore(newest().expiresAt());
  }

  /// What a person has to do once the certificate has expired.
  String expiredWords() {
    return "the agent's certificate expired on "
        + expiresAt()
        + ", because it could not reach the platform for too long. Make a new pairing code in the"
        + " workspace "
        + workspace
        + " and run: agent pair CODE --server "
        + server
        + ". Nothing that was captured is lost.";
  }

  /// A renewed certificate: kept, then used.
  synchronized void renewed(Credentials credentials) throws IOException {
    credentials.save(directory.resolve(NEXT));
    next = credentials;
    use(credentials);
    nextInUse = true;
  }

  /// A stream was welcomed: the certificate in use works, an older one is not needed any more.
  synchronized void worked() throws IOException {
    var renewed = next;
    if (renewed == null || !nextInUse) {
      return;
    }
    Files.move(
        directory.resolve(NEXT),
        directory.resolve(CURRENT),
        java.nio.file.StandardCopyOption.ATOMIC_MOVE,
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    current = renewed;
    next = null;
    nextInUse = false;
  }

  /// Whether the certificate in use has expired, and so cannot be taken any more.
  synchronized boolean inUseExpired(Instant now) {
    return !now.isBefore(inUse().expiresAt());
  }

  /// The platform did not take the certificate in use: as long as there are two that are good, the
  /// other one's turn.
  ///
  /// @return whether there is another one to try
  synchronized boolean refused(Instant now) {
    var renewed = next;
    if (renewed == null || nextInUse && !now.isBefore(current.expiresAt())) {
      return false;
    }
    nextInUse = !nextInUse;
    use(nextInUse ? renewed : current);
    return true;
  }

  private Credentials inUse() {
    var renewed = next;
    return renewed == null || !nextInUse ? current : renewed;
  }

  private Credentials newest() {
    var renewed = next;
    return renewed == null ? current : renewed;
  }

  private void use(Credentials credentials) {
    keys.use(credentials.key(), credentials.chain());
  }
}
