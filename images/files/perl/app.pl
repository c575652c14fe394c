# A small service: health, and books found by a pattern.
use strict;
use warnings;
use IO::Socket::INET;

# The first process of a container gets no default action for this signal.
$SIG{TERM} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';

my %year = "Principia 1687, Opticks 1704" =~ /(\p{Lu}\w+) (\d+)/g;
my %answers = (
    "/healthz" => "ok",
    "/books"   => join("+", sort { $year{$b} <=> $year{$a} } keys %year),
);

my $server = IO::Socket::INET->new(Listen => 64, LocalPort => 8080, ReuseAddr => 1) or die "$@";
while (my $link = $server->accept) {
    my $asked = <$link> // "";
    while (defined(my $line = <$link>)) { last if $line =~ /^\r?\n/ }
    my $text = $answers{(split " ", $asked)[1] // ""};
    my $status = defined $text ? "200 OK" : "404 Not Found";
    $text //= "nothing here";
    my $length = length $text;
    print $link "HTTP/1.1 $status\r\nContent-Length: $length\r\nConnection: close\r\n\r\n$text";
    close $link;
}
