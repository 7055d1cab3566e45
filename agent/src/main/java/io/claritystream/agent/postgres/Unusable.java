package io.claritystream.agent.postgres;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.SignatureException;
import java.security.cert.CertPathBuilderException;
import java.sql.SQLException;
import org.postgresql.util.PSQLException;

/// Why a database cannot be used, in one sentence with what to do about it.
public final class Unusable {
  private static final int DEPTH_MAX = 10;

  private Unusable() {}

  public static String words(SQLException failure, Database database) {
    var depth = 0;
    for (Throwable t = failure; t != null && depth < DEPTH_MAX; t = t.getCause(), depth++) {
      var at = database.host() + ":" + database.port();
      switch (t) {
        case UnknownHostException _ -> {
          return "its host is not known; check --host";
        }
        case ConnectException _ -> {
          return "nothing listens at "
              + at
              + "; check --host and --port, and the server's listen_addresses";
        }
        case SocketTimeoutException _ -> {
          return at + " does not answer; check --host, --port and the firewall";
        }
        case NoRouteToHostException _ -> {
          return "there is no way to " + at + "; check --host and the network";
        }
        case CertPathBuilderException _, SignatureException _ -> {
          return "no authority that is trusted has signed its certificate; name the right one's file"
              + " with --tls-ca";
        }
        default -> {}
      }
    }
    var said = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    var bare = said.replaceFirst("^[A-Z]+: ", "");
    if (bare.contains("SSL root certificate")) {
      return bare + " Name the authority's file, in PEM, with --tls-ca.";
    }
    if (bare.contains("PgjdbcHostnameVerifier")) {
      return "its certificate is for another name than --host; --tls verify-full wants them to be"
          + " the same";
    }
    return switch (failure.getSQLState() == null ? "" : failure.getSQLState()) {
      case "28000" ->
          bare.contains("pg_hba.conf")
              ? "its pg_hba.conf lets user "
                  + database.user()
                  + " not in from here; add the line \""
                  + (bare.contains("no encryption") ? "host" : "hostssl")
                  + " "
                  + database.name()
                  + " "
                  + database.user()
                  + " "
                  + address(bare)
                  + " scram-sha-256\" to it and run SELECT pg_reload_conf();"
                  + (bare.endsWith("no encryption")
                      ? " If the server wants TLS, use --tls require, or verify-full."
                      : "")
              : "it refuses user " + database.user() + ": " + bare;
      case "28P01" -> "it does not take the password of user " + database.user();
      case "3D000" -> "the server has no database " + database.name() + "; check --database";
      case "53300" ->
          "it has no connection left (" + bare + "); raise max_connections and restart the server";
      case "42501" ->
          mayNotConnect(failure)
              ? "user "
                  + database.user()
                  + " may not connect to it; its owner or a superuser runs GRANT CONNECT ON DATABASE "
                  + TableName.quote(database.name())
                  + " TO "
                  + TableName.quote(database.user())
                  + ";"
              : bare + "; run `source add` again, it prints the SQL that gives the right";
      default -> bare;
    };
  }

  /// The server's words are in its own language; the name of the place that says them is not.
  private static boolean mayNotConnect(SQLException failure) {
    return failure instanceof PSQLException said
        && said.getServerErrorMessage() != null
        && "CheckMyDatabase".equals(said.getServerErrorMessage().getRoutine());
  }

  /// The server says which address it saw: `no pg_hba.conf entry for host "10.0.0.7", …`.
  private static String address(String message) {
    var begin = message.indexOf("host \"");
    var end = begin < 0 ? -1 : message.indexOf('"', begin + 6);
    if (end < 0) {
      return "ADDRESS/32";
    }
    var address = message.substring(begin + 6, end);
    return address + (address.contains(":") ? "/128" : "/32");
  }
}
