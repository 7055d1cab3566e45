package io.claritystream.base.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.resource.EncodedResourceResolver;
import org.springframework.web.servlet.resource.PathResourceResolver;

/// Serves the built web app from `classpath:/static/`: its files, and `index.html` for the
/// addresses that it routes by itself.
///
/// Files in `assets/` carry a hash of their content in their names and may be kept for ever. All
/// others are checked each time, by a tag made of their content: the files' dates are the same in
/// every build.
final class WebApp {

  static final String ROOT = "static/";
  private static final String INDEX = "index.html";

  /// Pages that stand by themselves.
  private static final Set<String> PAGES =
      Set.of(
          "",
          "platform",
          "solutions",
          "pricing",
          "security",
          "contact",
          "docs/prd",
          "docs/architecture",
          "auth",
          "app");

  /// Beginnings of addresses whose rest is the web app's to read.
  private static final List<String> PREFIXES = List.of("app/", "auth/");

  /// What the web app never answers for.
  private static final List<String> NOT_OURS =
      List.of("/v1", "/actuator", "/.well-known", "/error");

  private final Map<String, String> tags = new ConcurrentHashMap<>();

  void register(ResourceHandlerRegistry registry) {
    // Only files that exist enter this chain's cache, so its size is the build's.
    registry
        .addResourceHandler("/assets/**")
        .addResourceLocations("classpath:/" + ROOT + "assets/")
        .setCacheControl(CacheControl.maxAge(Duration.ofDays(365)).cachePublic().immutable())
        .setUseLastModified(false)
        .resourceChain(true)
        .addResolver(new EncodedResourceResolver());
    registry
        .addResourceHandler("/**")
        .addResourceLocations("classpath:/" + ROOT)
        .setCacheControl(CacheControl.noCache())
        .setUseLastModified(false)
        .setEtagGenerator(this::tag)
        .resourceChain(false)
        .addResolver(new Pages());
  }

  /// Whether a person's browser asks for a page, and not a program for data.
  boolean wantsPage(HttpServletRequest request) {
    String accept = request.getHeader(HttpHeaders.ACCEPT);
    return accept != null
        && accept.contains(MediaType.TEXT_HTML_VALUE)
        && NOT_OURS.stream().noneMatch(request.getRequestURI()::startsWith)
        && index().exists();
  }

  /// The web app's own words for an address that it does not know.
  void writeNotFoundPage(HttpServletResponse response) throws IOException {
    response.setStatus(HttpServletResponse.SC_NOT_FOUND);
    response.setContentType("text/html;charset=UTF-8");
    response.setHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
    try (InputStream page = index().getInputStream()) {
      page.transferTo(response.getOutputStream());
    }
  }

  private static Resource index() {
    return new ClassPathResource(ROOT + INDEX);
  }

  private String tag(Resource file) {
    return tags.computeIfAbsent(
        String.valueOf(file.getFilename()),
        name -> {
          try (InputStream content = file.getInputStream()) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] hash = digest.digest(content.readAllBytes());
            return HexFormat.of().formatHex(hash, 0, 12);
          } catch (IOException | NoSuchAlgorithmException broken) {
            throw new IllegalStateException("static file unreadable, " + name, broken);
          }
        });
  }

  private static final class Pages extends PathResourceResolver {

    @Override
    protected @Nullable Resource getResource(String path, Resource location) throws IOException {
      Resource file = path.isEmpty() ? null : super.getResource(path, location);
      if (file != null) {
        return file;
      }
      boolean page = PAGES.contains(path) || PREFIXES.stream().anyMatch(path::startsWith);
      Resource index = index();
      return page && index.exists() ? index : null;
    }
  }
}
