package io.claritystream.base.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.KmsClient;
import com.google.crypto.tink.KmsClients;
import com.google.crypto.tink.RegistryConfiguration;
import com.google.crypto.tink.aead.AeadConfig;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import io.claritystream.base.crypto.PlatformKey.Purpose;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/// Where a master key may be kept, and how another takes its place.
class MasterKeysTests {
  private static final EncryptionContext CONTEXT = new EncryptionContext("connection", "17");

  @TempDir private Path directory;
  private TestDatabase database;

  @BeforeEach
  void makeDatabase() {
    database = TestDatabase.create();
  }

  @AfterEach
  void closeDatabase() {
    database.close();
  }

  // Where it is kept

  @Test
  void the_key_of_a_file_is_the_same_in_an_environment_variable() throws Exception {
    TenantId tenant = database.tenant("Ours");
    byte[] encrypted = secrets(open(file("a"))).encrypt(tenant, CONTEXT, bytes("hunter2"));
    String base64 = Base64.getMimeEncoder().encodeToString(Files.readAllBytes(path("a")));

    MasterKeys moved = open(variable("KEY"), Map.of("KEY", base64));

    assertThat(secrets(moved).decrypt(tenant, CONTEXT, encrypted)).isEqualTo(bytes("hunter2"));
  }

  @Test
  void a_variable_that_is_absent_or_holds_something_else_is_told_and_never_shown() {
    assertThatThrownBy(() -> open(variable("KEY"), Map.of()))
        .isInstanceOf(MasterKeyFault.class)
        .hasMessageContaining("The environment variable KEY is not set");
    for (String wrong : List.of("hunter2 %%%", Base64.getEncoder().encodeToString(bytes("{}")))) {
      assertThatThrownBy(() -> open(variable("KEY"), Map.of("KEY", wrong)))
          .isInstanceOf(MasterKeyFault.class)
          .hasMessageContaining("KEY does not hold")
          .hasMessageContaining("base64 of a master key file")
          .message()
          .doesNotContain(wrong);
    }
  }

  @Test
  void a_key_management_service_of_the_class_path_keeps_the_key() throws Exception {
    KmsClients.add(new TestKms());
    TenantId tenant = database.tenant("Ours");
    byte[] encrypted =
        secrets(open(kms("test-kms://one"))).encrypt(tenant, CONTEXT, bytes("hunter2"));

    assertThat(secrets(open(kms("test-kms://one"))).decrypt(tenant, CONTEXT, encrypted))
        .isEqualTo(bytes("hunter2"));
    assertThatThrownBy(
            () -> secrets(open(kms("test-kms://two"))).decrypt(tenant, CONTEXT, encrypted))
        .isInstanceOf(MasterKeyFault.class)
        .hasMessageContaining("The key test-kms://two is not the one")
        .hasMessageContaining("which is test-kms://one");
    assertThatThrownBy(() -> open(kms("aws-kms://nobody")))
        .isInstanceOf(MasterKeyFault.class)
        .hasMessageContaining("aws-kms://nobody cannot be used")
        .hasMessageContaining("clarity.crypto.kms-uri");
  }

  @Test
  void exactly_one_place_is_configured() {
    assertThatThrownBy(() -> new CryptoProperties(null, null, null, List.of()))
        .hasMessageContaining("exactly one of");
    assertThatThrownBy(() -> new CryptoProperties(path("a"), "KEY", null, List.of()))
        .hasMessageContaining("configured are 2");
  }

  @Test
  void a_new_file_is_made_for_its_owner_and_never_over_another() throws Exception {
    assertThat(KeyMaintenance.makeMasterKey(path("new"))).isTrue();
    byte[] made = Files.readAllBytes(path("new"));

    assertThat(KeyMaintenance.makeMasterKey(path("new"))).isFalse();
    assertThat(Files.readAllBytes(path("new"))).isEqualTo(made);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path("new"))))
        .isEqualTo("rw-------");
  }

  @Test
  void a_lost_file_is_told_where_only_a_tenants_key_is_stored() throws Exception {
    secrets(open(file("a"))).encrypt(database.tenant("Ours"), CONTEXT, bytes("hunter2"));
    Files.delete(path("a"));

    assertThatThrownBy(() -> open(file("a")))
        .isInstanceOf(MasterKeyFault.class)
        .hasMessageContaining(path("a") + " is missing");
    assertThat(path("a")).doesNotExist();
  }

  // How another takes its place

  @Test
  void a_new_master_key_takes_over_all_keys_and_the_old_one_is_needed_no_more() throws Exception {
    TenantId tenant = database.tenant("Ours");
    MasterKeys old = open(file("old"));
    byte[] encrypted = secrets(old).encrypt(tenant, CONTEXT, bytes("hunter2"));
    platformKeys(old).inUse(Purpose.TOKEN_SIGNING, MasterKeysTests::fresh);
    maintenance(old).rotate(tenant, sql -> {});
    KeyMaintenance.makeMasterKey(path("new"));

    MasterKeys both = open(file("new", "file:" + path("old")));
    assertThat(secrets(both).decrypt(tenant, CONTEXT, encrypted)).isEqualTo(bytes("hunter2"));
    assertThat(maintenance(both).rewrap(done -> {})).isEqualTo(3);
    assertThat(maintenance(both).rewrap(done -> {})).isZero();

    Files.delete(path("old"));
    MasterKeys alone = open(file("new"));
    assertThat(secrets(alone).decrypt(tenant, CONTEXT, encrypted)).isEqualTo(bytes("hunter2"));
    assertThat(platformKeys(alone).all(Purpose.TOKEN_SIGNING).getFirst().secret().value())
        .isEqualTo(bytes("signs"));
  }

  @Test
  void a_rewrap_that_breaks_off_leaves_everything_readable_and_goes_on_where_it_was()
      throws Exception {
    int tenants = 250;
    MasterKeys old = open(file("old"));
    TenantId last = database.tenant("Last");
    byte[] encrypted = secrets(old).encrypt(last, CONTEXT, bytes("hunter2"));
    for (int i = 1; i < tenants; i++) {
      secrets(old).encrypt(database.tenant("T" + i), CONTEXT, bytes("x"));
    }
    KeyMaintenance.makeMasterKey(path("new"));
    MasterKeys both = open(file("new", "file:" + path("old")));

    assertThatThrownBy(
            () ->
                maintenance(both)
                    .rewrap(
                        done -> {
                          if (done >= 100) {
                            throw new IllegalStateException("killed");
                          }
                        }))
        .hasMessage("killed");

    assertThat(secrets(both).decrypt(last, CONTEXT, encrypted)).isEqualTo(bytes("hunter2"));
    assertThat(maintenance(both).rewrap(done -> {})).isEqualTo(tenants - 100);
    assertThat(secrets(open(file("new"))).decrypt(last, CONTEXT, encrypted))
        .isEqualTo(bytes("hunter2"));
  }

  @Test
  void a_key_named_beside_that_is_not_there_ends_the_start_in_one_sentence() {
    assertThatThrownBy(() -> open(file("new", "file:" + path("old"))))
        .isInstanceOf(MasterKeyFault.class)
        .hasMessageContaining(path("old") + " is missing")
        .hasMessageContaining("also-decrypt");
  }

  private Path path(String name) {
    return directory.resolve(name);
  }

  private CryptoProperties file(String name, String... also) {
    return new CryptoProperties(path(name), null, null, List.of(also));
  }

  private static CryptoProperties variable(String name) {
    return new CryptoProperties(null, name, null, List.of());
  }

  private static CryptoProperties kms(String uri) {
    return new CryptoProperties(null, null, uri, List.of());
  }

  private MasterKeys open(CryptoProperties crypto) {
    return open(crypto, Map.of());
  }

  private MasterKeys open(CryptoProperties crypto, Map<String, String> environment) {
    return MasterKeys.open(crypto, () -> PlatformKeys.anyStored(database.as("auth")), environment);
  }

  private TenantSecrets secrets(MasterKeys masters) {
    return new TenantSecrets(
        new TenantKeys(
            database.as("auth"),
            new JdbcTransactionManager(database.dataSource("auth")),
            masters,
            Clock.systemUTC()));
  }

  private PlatformKeys platformKeys(MasterKeys masters) {
    return PlatformKeys.open(masters, database.as("auth"), Clock.systemUTC());
  }

  private KeyMaintenance maintenance(MasterKeys masters) {
    var transactions =
        new TransactionTemplate(new JdbcTransactionManager(database.dataSource("admin")));
    return new KeyMaintenance(masters, database.as("admin"), transactions, Clock.systemUTC());
  }

  private static PlatformKey.Fresh fresh() {
    return new PlatformKey.Fresh(new Sensitive<>(bytes("signs")), Optional.empty());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /// A service with a key of its own for each address.
  private static final class TestKms implements KmsClient {
    private final Map<String, Aead> keys = new java.util.concurrent.ConcurrentHashMap<>();

    @Override
    public boolean doesSupport(String uri) {
      return uri.startsWith("test-kms://");
    }

    @Override
    public KmsClient withCredentials(@Nullable String path) {
      return this;
    }

    @Override
    public KmsClient withDefaultCredentials() {
      return this;
    }

    @Override
    public Aead getAead(String uri) {
      return keys.computeIfAbsent(
          uri,
          fresh -> {
            try {
              AeadConfig.register();
              return KeysetHandle.generateNew(
                      PredefinedAeadParameters.AES256_GCM, RegistryConfiguration.get())
                  .getPrimitive(RegistryConfiguration.get(), Aead.class);
            } catch (GeneralSecurityException broken) {
              throw new IllegalStateException(broken);
            }
          });
    }
  }
}
