package io.claritystream.embedded.up;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Optional;

/// What `./clarity up` was asked to do.
///
/// @param edgePort the port agents connect to; without it the one of the last start, or the first
///     free one from 8443
/// @param publicUrl where browsers reach it, if that is not the address it listens on
/// @param train a directory to write ahead-of-time caches to: start, warm up, stop
/// @param dev run the server from compiled classes and start it again when they change
record Options(
    Path data,
    int port,
    Optional<Integer> edgePort,
    String bind,
    Optional<String> publicUrl,
    Optional<String> allowOutbound,
    boolean demo,
    boolean json,
    boolean dev,
    Optional<Path> train) {

  static final int DEFAULT_PORT = 8080;

  sealed interface Reading {}

  record Read(Options options) implements Reading {}

  /// @param sentence what is wrong, for the person who typed it
  record Misread(String sentence) implements Reading {}

  static Reading read(String... args) {
    Path data = Path.of("data");
    int port = DEFAULT_PORT;
    Optional<Integer> edgePort = Optional.empty();
    String bind = "127.0.0.1";
    Optional<String> publicUrl = Optional.empty();
    Optional<String> allowOutbound = Optional.empty();
    boolean demo = true;
    boolean json = false;
    boolean dev = false;
    Optional<Path> train = Optional.empty();
    for (int i = 0; i < args.length; i++) {
      String option = args[i];
      switch (option) {
        case "--no-demo" -> demo = false;
        case "--json" -> json = true;
        case "--dev" -> dev = true;
        case "--data",
            "--port",
            "--edge-port",
            "--bind",
            "--public-url",
            "--allow-outbound",
            "--train" -> {
          if (++i == args.length || args[i].isBlank()) {
            return new Misread(option + " needs a value.");
          }
          String value = args[i];
          switch (option) {
            case "--data" -> data = Path.of(value);
            case "--train" -> train = Optional.of(Path.of(value).toAbsolutePath());
            case "--allow-outbound" -> allowOutbound = Optional.of(value);
            case "--bind" -> {
              if (!isAddress(value)) {
                return new Misread("--bind needs an address of this machine, not " + value + ".");
              }
              bind = value;
            }
            case "--public-url" -> {
              publicUrl = origin(value);
              if (publicUrl.isEmpty()) {
                return new Misread(
                    "--public-url needs an address such as https://clarity.example.com, not "
                        + value
                        + ".");
              }
            }
            default -> {
              Optional<Integer> number = port(value);
              if (number.isEmpty()) {
                return new Misread(option + " needs a number from 1 to 65535, not " + value + ".");
              }
              if (option.equals("--port")) {
                port = number.get();
              } else {
                edgePort = number;
              }
            }
          }
        }
        default -> {
          return new Misread("up does not know " + option + " (./clarity help).");
        }
      }
    }
    return new Read(
        new Options(
            data.toAbsolutePath().normalize(),
            port,
            edgePort,
            bind,
            publicUrl,
            allowOutbound,
            demo,
            json,
            dev,
            train));
  }

  /// A URL of scheme, host and port alone, which is all a browser's origin has.
  private static Optional<String> origin(String value) {
    try {
      URI uri = new URI(value.replaceFirst("/$", ""));
      boolean http = "https".equals(uri.getScheme()) || "http".equals(uri.getScheme());
      boolean alone =
          uri.getHost() != null
              && uri.getUserInfo() == null
              && "".equals(uri.getPath())
              && uri.getQuery() == null
              && uri.getFragment() == null;
      return http && alone ? Optional.of(uri.toString()) : Optional.empty();
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  /// Where a browser finds it.
  String url() {
    return publicUrl.orElseGet(() -> "http://" + host() + ":" + port);
  }

  /// A browser keeps a session only over https, or on the machine itself: what is missing for the
  /// others, if this can be reached by them.
  Optional<String> signInNeeds() {
    return url().startsWith("https:") || bindAddress().isLoopbackAddress()
        ? Optional.empty()
        : Optional.of(
            "Signing in from another machine needs https: put a proxy that ends TLS in front, and"
                + " name its address with --public-url.");
  }

  private static Optional<Integer> port(String value) {
    return value.matches("\\d{1,5}")
        ? Optional.of(Integer.parseInt(value)).filter(n -> n > 0 && n < 65536)
        : Optional.empty();
  }

  private static boolean isAddress(String value) {
    try {
      InetAddress.getByName(value);
      return true;
    } catch (UnknownHostException e) {
      return false;
    }
  }

  InetAddress bindAddress() {
    try {
      return InetAddress.getByName(bind);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  /// The name under which a browser on this machine, or on another one if bound wider, finds it.
  String host() {
    InetAddress address = bindAddress();
    if (address.isLoopbackAddress()) {
      return "localhost";
    }
    if (!address.isAnyLocalAddress()) {
      return bracketed(address.getHostAddress());
    }
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  /// The address at which this machine itself reaches what is bound to `bind`.
  String reachedAt() {
    InetAddress address = bindAddress();
    return address.isAnyLocalAddress() ? "127.0.0.1" : bracketed(address.getHostAddress());
  }

  private static String bracketed(String address) {
    return address.contains(":") ? "[" + address + "]" : address;
  }
}
