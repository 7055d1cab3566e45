package io.claritystream;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.claritystream.base.http.AnyCaller;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.ChangesNothing;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.idempotency.IdempotencyClaim;
import io.swagger.v3.core.converter.AnnotatedType;
import io.swagger.v3.core.converter.ModelConverter;
import io.swagger.v3.core.converter.ModelConverterContext;
import io.swagger.v3.core.converter.ModelConverters;
import io.swagger.v3.core.converter.ResolvedSchema;
import io.swagger.v3.core.jackson.ModelResolver;
import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.info.License;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.IntegerSchema;
import io.swagger.v3.oas.models.media.JsonSchema;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.media.StringSchema;
import io.swagger.v3.oas.models.parameters.Parameter;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.responses.ApiResponses;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import io.swagger.v3.oas.models.security.SecurityScheme;
import io.swagger.v3.oas.models.servers.Server;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.configuration.SpringDocConfiguration;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springdoc.core.customizers.OperationCustomizer;
import org.springdoc.core.properties.SpringDocConfigProperties;
import org.springdoc.core.utils.SpringDocUtils;
import org.springdoc.webmvc.core.configuration.SpringDocWebMvcConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodParameter;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.method.HandlerMethod;

/// How springdoc is to read the controllers: JSON names as the API writes them, records as they are
/// (a component that may be null says so), the arguments that `base.http` resolves, problems.
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration({
  SpringDocConfigProperties.class,
  SpringDocConfiguration.class,
  SpringDocWebMvcConfiguration.class
})
class OpenApiSettings {

  private static final String PROBLEM = "application/problem+json";

  /// What takes no Idempotency-Key, and may be refused for the state that it finds.
  private static final Set<String> CONFLICTS =
      Set.of(
          "changeConnection",
          "changeMember",
          "changeSource",
          "changeSourceTable",
          "deleteConnection",
          "deleteConnector",
          "leaveOrganization",
          "login",
          "removeMember");

  private static final ObjectMapper NAMES =
      new ObjectMapper()
          .registerModule(new JavaTimeModule())
          .setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE);

  /// Which record a named schema was made of.
  private final Map<String, Class<?>> records = new TreeMap<>();

  OpenApiSettings() {
    SpringDocUtils.getConfig()
        .addRequestWrapperToIgnore(Caller.class, PageRequest.class, IdempotencyClaim.class);
  }

  @Bean
  ModelResolver modelResolver() {
    return new ModelResolver(NAMES).openapi31(true);
  }

  @Bean
  ModelConverter recordsAndEnums() {
    return new ModelConverter() {
      @Override
      public @Nullable Schema<?> resolve(
          AnnotatedType type, ModelConverterContext context, Iterator<ModelConverter> chain) {
        if (!chain.hasNext()) {
          return null;
        }
        Schema<?> schema = chain.next().resolve(type, context, chain);
        JavaType java = NAMES.constructType(type.getType());
        if (schema == null || java == null) {
          return schema;
        }
        Class<?> raw = java.getRawClass();
        if (raw.isRecord()) {
          String name =
              schema.get$ref() == null
                  ? schema.getName()
                  : schema.get$ref().substring(schema.get$ref().lastIndexOf('/') + 1);
          if (name != null) {
            records.put(name, raw);
          }
        }
        if (raw.isEnum()) {
          lowerCase(raw, schema);
        }
        return schema;
      }
    };
  }

  @SuppressWarnings("unchecked")
  private static void lowerCase(Class<?> type, Schema<?> schema) {
    boolean named =
        Arrays.stream(type.getDeclaredMethods())
            .anyMatch(method -> method.isAnnotationPresent(JsonValue.class));
    List<?> values = schema.getEnum();
    if (!named && values != null) {
      List<Object> lower = new ArrayList<>();
      values.forEach(value -> lower.add(value.toString().toLowerCase(Locale.ROOT)));
      ((Schema<Object>) schema).setEnum(lower);
    }
  }

  @Bean
  OperationCustomizer mannersOfOperations() {
    return (operation, method) -> {
      boolean signedIn =
          method.hasMethodAnnotation(RequiresPermission.class)
              || method.hasMethodAnnotation(AnyCaller.class);
      pages(operation, method);
      if (signedIn && takesKey(method)) {
        operation.addParametersItem(idempotencyKey());
      }
      ApiResponses responses = operation.getResponses();
      boolean parameters =
          operation.getParameters() != null && !operation.getParameters().isEmpty();
      if (parameters || operation.getRequestBody() != null) {
        responses.addApiResponse("400", problem("The request is not valid."));
      }
      if (signedIn) {
        responses.addApiResponse("401", problem("Sign-in is needed."));
        operation.setSecurity(
            List.of(
                new SecurityRequirement().addList("bearer"),
                new SecurityRequirement().addList("cookie")));
        RequiresPermission permission = method.getMethodAnnotation(RequiresPermission.class);
        if (permission != null) {
          String beyond = permission.beyond().isEmpty() ? "" : ", and " + permission.beyond();
          responses.addApiResponse(
              "403", problem("Needs the permission " + permission.value().key() + beyond + "."));
        }
      }
      if (parameters
          && operation.getParameters().stream().anyMatch(given -> "path".equals(given.getIn()))) {
        responses.addApiResponse("404", problem("There is nothing here."));
      }
      state(operation, signedIn && takesKey(method));
      if (Set.of("login", "refreshSession").contains(operation.getOperationId())) {
        responses.addApiResponse("401", problem("Not the right credentials."));
      }
      if (Set.of("register", "login", "refreshSession").contains(operation.getOperationId())) {
        responses.addApiResponse("429", problem("Too many requests; see Retry-After."));
      }
      if (operation.getOperationId().equals("callWebhook")) {
        webhook(responses);
      }
      responses.addApiResponse("default", problem("What else went wrong."));
      return operation;
    };
  }

  /// What the state of things may be against.
  private static void state(Operation operation, boolean keyed) {
    ApiResponses responses = operation.getResponses();
    String name = operation.getOperationId();
    if (keyed) {
      responses.addApiResponse(
          "409",
          problem(
              "It contradicts the present state, or is being carried out under its Idempotency-Key;"
                  + " the code tells which."));
    } else if (CONFLICTS.contains(name)) {
      responses.addApiResponse("409", problem("It contradicts the present state."));
    } else if (name.equals("register")) {
      responses.addApiResponse("409", problem("The email is taken, or the plan's limit reached."));
    }
    boolean conditional =
        operation.getParameters() != null
            && operation.getParameters().stream()
                .anyMatch(given -> "If-Match".equals(given.getName()));
    if (conditional) {
      responses.addApiResponse("412", problem("It was changed since it was read."));
    }
    if (name.equals("saveWorkflowDraft")) {
      responses.addApiResponse("428", problem("If-Match is missing."));
    }
  }

  /// As `base.idempotency` takes them.
  private static boolean takesKey(HandlerMethod method) {
    PostMapping post = method.getMethodAnnotation(PostMapping.class);
    return post != null
        && !method.hasMethodAnnotation(ChangesNothing.class)
        && Arrays.stream(post.value()).noneMatch(path -> path.startsWith("/v1/auth/"));
  }

  private static void webhook(ApiResponses responses) {
    responses.addApiResponse("404", problem("The address leads nowhere."));
    responses.addApiResponse("409", problem("The workflow is disabled."));
    responses.addApiResponse(
        "413", problem("The body is larger than the trigger, or the plan, allows."));
    responses.addApiResponse(
        "429",
        problem(
            "As many executions wait as the plan allows; see Retry-After, nothing was started."));
    responses.addApiResponse(
        "502", problem("The execution ended without an answer, or goes on elsewhere."));
    responses.addApiResponse("504", problem("The workflow did not answer in time; it goes on."));
  }

  private static void pages(Operation operation, HandlerMethod method) {
    for (MethodParameter parameter : method.getMethodParameters()) {
      if (parameter.getParameterType() == PageRequest.class) {
        IntegerSchema limit = new IntegerSchema();
        limit.setMinimum(BigDecimal.ONE);
        limit.setMaximum(BigDecimal.valueOf(PageRequest.LIMIT_MAX));
        limit.setDefault(PageRequest.LIMIT_DEFAULT);
        operation.addParametersItem(
            new Parameter()
                .in("query")
                .name("limit")
                .required(false)
                .description("Rows wanted.")
                .schema(limit));
        operation.addParametersItem(
            new Parameter()
                .in("query")
                .name("cursor")
                .required(false)
                .description("next_cursor of the page before.")
                .schema(new StringSchema()));
      }
    }
  }

  private static Parameter idempotencyKey() {
    StringSchema key = new StringSchema();
    key.setMinLength(1);
    key.setMaxLength(255);
    return new Parameter()
        .in("header")
        .name("Idempotency-Key")
        .required(false)
        .description(
            "Makes the same request safe to send again: for a day it has the first answer again,"
                + " marked Idempotent-Replayed. Another request under the key is answered 422, one"
                + " that comes while the first is carried out 409 with Retry-After. An organization has"
                + " 100,000 keys at a time; a new one beyond is answered 429.")
        .schema(key);
  }

  private static ApiResponse problem(String description) {
    return new ApiResponse()
        .description(description)
        .content(
            new Content()
                .addMediaType(
                    PROBLEM,
                    new MediaType().schema(new Schema<>().$ref("#/components/schemas/Problem"))));
  }

  @Bean
  OpenApiCustomizer wholeDescription() {
    return api -> {
      api.setInfo(
          new Info()
              .title("Clarity Stream")
              .version("v1")
              .description(
                  "JSON in snake_case, times in RFC 3339, UTC. Unknown fields and parameters are"
                      + " refused. Failures are RFC 9457 problems with a stable code; errors says what"
                      + " is wrong where: by pointer, a JSON pointer (RFC 6901), within the body, and"
                      + " by parameter, the name of a parameter or header, beside it.")
              .license(new License().name("Apache-2.0").identifier("Apache-2.0")));
      api.setServers(List.of(new Server().url("/")));
      Components components = api.getComponents();
      components
          .addSecuritySchemes(
              "bearer",
              new SecurityScheme()
                  .type(SecurityScheme.Type.HTTP)
                  .scheme("bearer")
                  .bearerFormat("JWT")
                  .description("The access token of a session."))
          .addSecuritySchemes(
              "cookie",
              new SecurityScheme()
                  .type(SecurityScheme.Type.APIKEY)
                  .in(SecurityScheme.In.COOKIE)
                  .name("clarity_access")
                  .description(
                      "The web's session. Unsafe methods need the header X-Clarity-Request: 1 and"
                          + " the same origin."));
      problemSchema(api);
      components.getSchemas().forEach(this::describeRecord);
    };
  }

  @SuppressWarnings("unchecked")
  private void problemSchema(OpenAPI api) {
    Class<?> type;
    try {
      type = Class.forName("io.claritystream.base.http.ProblemDocument");
    } catch (ClassNotFoundException gone) {
      throw new IllegalStateException(gone);
    }
    ResolvedSchema resolved =
        ModelConverters.getInstance(true)
            .resolveAsResolvedSchema(new AnnotatedType(type).resolveAsRef(true));
    resolved.referencedSchemas.forEach(api.getComponents()::addSchemas);
    records.put("Problem", type);
    StringSchema code = new StringSchema();
    Arrays.stream(ProblemCode.values()).map(ProblemCode::code).forEach(code::addEnumItem);
    api.getComponents().getSchemas().get("Problem").getProperties().put("code", code);
  }

  /// What is not marked as nullable is always there. The library's own maps are of the raw type.
  @SuppressWarnings("rawtypes")
  private void describeRecord(String name, Schema<?> schema) {
    Class<?> type = records.get(name);
    if (type == null || schema.getProperties() == null) {
      return;
    }
    Map<String, Schema> properties = new LinkedHashMap<>();
    List<String> required = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      String key =
          ((PropertyNamingStrategies.NamingBase) PropertyNamingStrategies.SNAKE_CASE)
              .translate(component.getName());
      Schema<?> property = schema.getProperties().get(key);
      if (property == null) {
        continue;
      }
      boolean nullable = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
      switch (mode(component)) {
        case REQUIRED -> required.add(key);
        case NOT_REQUIRED -> {}
        case AUTO -> {
          required.add(key);
          if (nullable) {
            property = orNull(property);
          }
        }
      }
      properties.put(key, property);
    }
    schema.setProperties(properties);
    schema.setRequired(required.isEmpty() ? null : required);
  }

  private static io.swagger.v3.oas.annotations.media.Schema.RequiredMode mode(
      RecordComponent component) {
    io.swagger.v3.oas.annotations.media.Schema said =
        component.getAccessor().getAnnotation(io.swagger.v3.oas.annotations.media.Schema.class);
    return said == null
        ? io.swagger.v3.oas.annotations.media.Schema.RequiredMode.AUTO
        : said.requiredMode();
  }

  private static Schema<?> orNull(Schema<?> property) {
    if (property.get$ref() != null) {
      Schema<?> ref = new JsonSchema().$ref(property.get$ref());
      return new JsonSchema().oneOf(List.of(ref, new JsonSchema().types(Set.of("null"))));
    }
    Set<String> types =
        new LinkedHashSet<>(property.getTypes() == null ? Set.of() : property.getTypes());
    if (types.isEmpty() && property.getType() != null) {
      types.add(property.getType());
    }
    if (!types.isEmpty()) {
      types.add("null");
      property.setTypes(types);
    }
    return property;
  }
}
