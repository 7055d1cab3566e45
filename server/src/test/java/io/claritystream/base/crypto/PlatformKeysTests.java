package io.claritystream.base.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.claritystream.base.crypto.PlatformKey.Purpose;
import io.claritystream.base.db.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;

class PlatformKeysTests {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-01T08:00:00Z"), ZoneOffset.UTC);

  @TempDir private Path directory;
  private TestDatabase database;
  private JdbcClient auth;

  @BeforeEach
  void makeDatabase() {
    database = TestDatabase.create();
    auth = database.as("auth");
  }

  @AfterEach
  void closeDatabase() {
    database.close();
  }

  @Test
  void theMasterKeyIsMadeOnceAndForTheOwnerOnly() throws Exception {
    open().inUse(Purpose.TOKEN_SIGNING, () -> fresh("secret"));

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
        .isEqualTo("rw-------");
    assertThat(open().all(Purpose.TOKEN_SIGNING)).hasSize(1);
    assertThat(Files.list(directory)).containsExactly(file());
  }

  @Test
  void aKeyInUseIsMadeOnceAndStoredEncrypted() {
    PlatformKeys keys = open();
    PlatformKey made = keys.inUse(Purpose.TOKEN_SIGNING, () -> fresh("first"));
    PlatformKey found = open().inUse(Purpose.TOKEN_SIGNING, () -> fresh("second"));

    assertThat(found.id()).isEqualTo(made.id());
    assertThat(found.secret().value()).isEqualTo(bytes("first"));
    assertThat(found.certificate()).hasValue(bytes("shown"));
    assertThat(found.toString()).doesNotContain("first").contains("[withheld]");
    byte[] stored =
        database
            .superuser()
            .sql("SELECT encrypted FROM control.platform_key")
            .query(byte[].class)
            .single();
    assertThat(new String(stored, StandardCharsets.ISO_8859_1)).doesNotContain("first");
  }

  @Test
  void serversThatStartAtOnceAgreeOnTheFirstKey() throws Exception {
    int servers = 4;
    CyclicBarrier together = new CyclicBarrier(servers);
    List<Future<PlatformKey>> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(servers)) {
      for (int i = 0; i < servers; i++) {
        String mine = "made by " + i;
        answers.add(
            threads.submit(
                () -> {
                  together.await();
                  return open().inUse(Purpose.CERTIFICATE_AUTHORITY, () -> fresh(mine));
                }));
      }
    }
    List<String> ids = new ArrayList<>();
    for (Future<PlatformKey> answer : answers) {
      ids.add(answer.get().id());
    }
    assertThat(ids).hasSize(servers).containsOnly(ids.getFirst());
  }

  @Test
  void aLostMasterKeyEndsTheStartInOneSentence() throws IOException {
    open().inUse(Purpose.TOKEN_SIGNING, () -> fresh("secret"));
    Files.delete(file());

    assertThatThrownBy(this::open)
        .isInstanceOf(MasterKeyFault.class)
        .hasMessageContaining(file() + " is missing");
    assertThat(file()).doesNotExist();
  }

  @Test
  void anotherMasterKeyEndsTheStartInOneSentence() throws IOException {
    open().inUse(Purpose.TOKEN_SIGNING, () -> fresh("secret"));
    Files.delete(file());
    new MasterKeyFile(file()).make();

    assertThatThrownBy(this::open)
        .isInstanceOf(MasterKeyFault.class)
        .hasMessageContaining("is not the one that this database's keys were encrypted with")
        .hasMessageContaining("restore the right one");
  }

  @Test
  void aMasterKeyThatOnlyATenantsKeyNeedsAndIsMissingEndsTheStartInOneSentence() {
    open().inUse(Purpose.TOKEN_SIGNING, () -> fresh("secret"));
    database
        .superuser()
        .sql(
            """
            WITH made AS (
              INSERT INTO control.dim_tenant (tenant_id, name, industry, region, plan, created_at)
              VALUES (gen_random_uuid(), 'Northgate', 'energy', 'eu-north', 'standard', now())
              RETURNING tenant_id)
            INSERT INTO control.tenant_key (tenant_id, key_id, master_key, encrypted, created_at)
            SELECT tenant_id, gen_random_uuid(), 'tink:0badcafe', 'x', now() FROM made
            """)
        .update();

    assertThatThrownBy(this::open)
        .isInstanceOf(MasterKeyFault.class)
        .hasMessageContaining("which is tink:0badcafe")
        .hasMessageContaining("restore the right one");
  }

  @Test
  void aMasterKeyThatOthersMayReadEndsTheStartInOneSentence() throws IOException {
    open();
    Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-r-----"));

    assertThatThrownBy(this::open)
        .isInstanceOf(MasterKeyFault.class)
        .hasMessageContaining("chmod 600 " + file());
  }

  @Test
  void aDamagedMasterKeyEndsTheStartInOneSentence() throws IOException {
    open();
    Files.writeString(file(), "{}");

    assertThatThrownBy(this::open)
        .isInstanceOf(MasterKeyFault.class)
        .hasMessageContaining("does not hold a Tink keyset");
  }

  private PlatformKeys open() {
    return PlatformKeys.open(
        MasterKeys.open(
            new CryptoProperties(file(), null, null, List.of()),
            () -> PlatformKeys.anyStored(auth)),
        auth,
        CLOCK);
  }

  private Path file() {
    return directory.resolve("master.key");
  }

  private static PlatformKey.Fresh fresh(String secret) {
    return new PlatformKey.Fresh(new Sensitive<>(bytes(secret)), Optional.of(bytes("shown")));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
