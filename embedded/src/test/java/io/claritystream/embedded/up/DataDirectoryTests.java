package io.claritystream.embedded.up;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.claritystream.embedded.Machine;
import io.claritystream.embedded.StartFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTests {
  @TempDir Path temporary;

  private Path root;

  @BeforeEach
  void blankInPath() {
    root = temporary.resolve("the data");
  }

  @Test
  void a_second_holder_is_refused_and_told_who_holds_it() {
    DataDirectory first = DataDirectory.take(root);
    assertThatThrownBy(() -> DataDirectory.take(root))
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("already runs on " + root)
        .hasMessageContaining("process " + ProcessHandle.current().pid());
    first.release();
    DataDirectory.take(root).release();
  }

  @Test
  void a_directory_with_files_of_something_else_is_left_alone() throws IOException {
    Files.createDirectories(root);
    Files.writeString(root.resolve("thesis.txt"), "years of work");
    assertThatThrownBy(() -> DataDirectory.take(root))
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("holds files of something else");
    assertThat(root).isDirectoryContaining("glob:**thesis.txt");
    assertThat(root.resolve("up.lock")).doesNotExist();
  }

  @Test
  void a_place_that_cannot_be_written_to_is_named_in_one_sentence() throws IOException {
    Path file = Files.createFile(temporary.resolve("file"));
    assertThatThrownBy(() -> DataDirectory.take(file.resolve("data")))
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("cannot be written to")
        .hasMessageContaining(file.toString());
  }

  @Test
  void a_full_disk_is_named_as_such() throws Exception {
    assumeTrue(Machine.root(), "only root can mount a small disk");
    Files.createDirectories(root);
    assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", root.toString()) == 0);
    try {
      assertThatThrownBy(() -> DataDirectory.take(root.resolve("data")))
          .isInstanceOf(StartFailedException.class)
          .hasMessageMatching("The disk that holds .* is full.*");
    } finally {
      run("umount", "-l", root.toString());
    }
  }

  @Test
  void what_a_killed_predecessor_left_running_is_ended() throws Exception {
    DataDirectory killed = DataDirectory.take(root);
    // It does not listen to the signal it got when its parent died.
    Process left = new ProcessBuilder("/bin/sh", "-c", "trap '' TERM; sleep 300").start();
    killed.noteChild(left.pid());
    String notes = Files.readString(root.resolve("run/children"));
    killed.release();
    Files.writeString(root.resolve("run/children"), notes);

    DataDirectory.take(root, Duration.ofMillis(200)).release();
    assertThat(left.waitFor()).isEqualTo(137);
  }

  @Test
  void a_process_that_only_has_the_number_of_an_old_child_is_left_alone() throws Exception {
    DataDirectory.take(root).release();
    Process stranger = new ProcessBuilder("/bin/sleep", "300").start();
    try {
      Files.writeString(root.resolve("run/children"), stranger.pid() + " 2001-01-01T00:00:00Z\n");
      DataDirectory.take(root).release();
      assertThat(stranger.isAlive()).isTrue();
    } finally {
      stranger.destroyForcibly();
    }
  }

  @Test
  void a_password_is_random_stays_and_is_for_this_user_alone() throws IOException {
    DataDirectory data = DataDirectory.take(root);
    String password = data.password("secrets/one.password");
    assertThat(password).matches("([a-z2-9]{5}-){3}[a-z2-9]{5}");
    assertThat(data.password("secrets/one.password")).isEqualTo(password);
    assertThat(data.password("secrets/other.password")).isNotEqualTo(password);
    assertThat(Files.getPosixFilePermissions(root.resolve("secrets/one.password")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    data.release();
  }

  @Test
  void other_users_cannot_look_into_it_even_if_it_was_there_before() throws IOException {
    Files.createDirectories(root);
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
    DataDirectory.take(root).release();
    // As root, PostgreSQL runs as another user, which may pass through and no more.
    assertThat(Files.getPosixFilePermissions(root))
        .isEqualTo(PosixFilePermissions.fromString(Machine.root() ? "rwx--x--x" : "rwx------"));
    for (String name : List.of("run", "logs", "secrets", "server", "edge", "kafka")) {
      assertThat(Files.getPosixFilePermissions(root.resolve(name)))
          .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    }
  }

  private static int run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }
}
