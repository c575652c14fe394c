# A small service: health, a hash, books from YAML as JSON.
require "json"
require "openssl"
require "socket"
require "yaml"

BOOKS = YAML.load(<<~TEXT)
  - {title: Opticks, year: 1704}
  - {title: Principia, year: 1687}
TEXT

def answer(path)
  case path
  when "/healthz" then "ok"
  when "/hash" then OpenSSL::Digest::SHA256.hexdigest("abc")
  when "/books" then JSON.generate(BOOKS.select { |book| book["year"] > 1700 })
  end
end

# The first process of a container gets no default action for this signal.
trap("TERM") { exit }

server = TCPServer.new("0.0.0.0", 8080)
loop do
  Thread.new(server.accept) do |link|
    path = link.gets.to_s.split[1]
    nil until link.gets.to_s.strip.empty?
    text = answer(path)
    status = text ? "200 OK" : "404 Not Found"
    text ||= "nothing here"
    link.write("HTTP/1.1 #{status}\r\nContent-Length: #{text.bytesize}\r\n")
    link.write("Connection: close\r\n\r\n#{text}")
    link.close
  end
end
