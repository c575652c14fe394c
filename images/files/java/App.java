import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.util.HexFormat;

/** A small service: health, a hash, the version it runs on. */
public class App {
    public static void main(String[] arguments) throws Exception {
        var server = HttpServer.create(new InetSocketAddress(8080), 0);
        server.createContext("/", exchange -> {
            switch (exchange.getRequestURI().getPath()) {
                case "/healthz" -> answer(exchange, 200, "ok");
                case "/version" -> answer(exchange, 200, Runtime.version().toString());
                case "/hash" -> answer(exchange, 200, hash(exchange.getRequestURI().getQuery()));
                default -> answer(exchange, 404, "nothing here");
            }
        });
        server.start();
    }

    private static String hash(String query) {
        try {
            var text = query == null ? "" : query.replaceFirst("^of=", "");
            var hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes());
            return HexFormat.of().formatHex(hash);
        } catch (java.security.NoSuchAlgorithmException error) {
            throw new IllegalStateException(error);
        }
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        var bytes = text.getBytes();
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
