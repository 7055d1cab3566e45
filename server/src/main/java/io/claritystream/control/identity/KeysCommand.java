package io.claritystream.control.identity;

import io.claritystream.base.crypto.KeyMaintenance;
import io.claritystream.base.db.TenantId;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;

/// `admin keys …` on the command line.
final class KeysCommand {

  enum Outcome {
    DONE,
    FAILED,
    MISUSED
  }

  private final Supplier<OperatorKeys> keys;
  private final PrintStream out;
  private final PrintStream err;

  /// @param keys asked for only by a command that needs the database and the master key
  KeysCommand(Supplier<OperatorKeys> keys, PrintStream out, PrintStream err) {
    this.keys = keys;
    this.out = out;
    this.err = err;
  }

  Outcome act(List<String> arguments) {
    return switch (arguments) {
      case List<String> a when a.size() == 2 && a.getFirst().equals("make") -> make(a.getLast());
      case List<String> a when a.equals(List.of("rotate")) -> rotateAll();
      case List<String> a
          when a.size() == 3 && a.subList(0, 2).equals(List.of("rotate", "--organization")) ->
          rotate(a.getLast());
      case List<String> a when a.equals(List.of("rewrap")) -> rewrap();
      default -> Outcome.MISUSED;
    };
  }

  private Outcome make(String file) {
    if (!KeyMaintenance.makeMasterKey(Path.of(file))) {
      err.println(file + " is there already, and stays as it is.");
      return Outcome.FAILED;
    }
    out.println(file + " holds a new master key. Back it up apart from the database.");
    return Outcome.DONE;
  }

  private Outcome rotate(String organization) {
    TenantId tenant;
    try {
      tenant = TenantId.of(organization);
    } catch (IllegalArgumentException noId) {
      err.println(organization + " is not the id of an organization.");
      return Outcome.FAILED;
    }
    if (!keys.get().rotate(tenant)) {
      err.println("The organization " + organization + " has no key, so there is none to replace.");
      return Outcome.FAILED;
    }
    out.println(organization + " encrypts with a new key now; the one before still decrypts.");
    return Outcome.DONE;
  }

  private Outcome rotateAll() {
    OperatorKeys operator = keys.get();
    long rotated = operator.tenants().stream().filter(operator::rotate).count();
    out.println(rotated + " organizations encrypt with a new key now; those before still decrypt.");
    return Outcome.DONE;
  }

  private Outcome rewrap() {
    OperatorKeys operator = keys.get();
    int done = operator.rewrap(count -> {});
    out.println(
        done
            + " keys were encrypted anew; all of them are under the master key "
            + operator.masterKey()
            + " now.");
    return Outcome.DONE;
  }
}
