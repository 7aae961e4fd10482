package StockVerify::Raw;

# A connection for requests that no decent client sends: half ones, broken ones, ones nobody waits for.
#
#     my $raw = StockVerify::Raw->new($stack);
#     $raw->send("GET /api/health HTTP/1.1\r\n");      part of a request, or all of it
#     $raw->send($raw->request($client, POST => '/api/sync/batch', '{}'));
#     my $text = $raw->read;                           until the server closes
#     my $head = $raw->read_until(qr{\r\n\r\n});     or so much has come
#     $raw->abort;                                     closes by a reset

use strict;
use warnings;
use Errno ();
use IO::Select;
use IO::Socket::INET;
use Socket qw(SO_LINGER SOL_SOCKET);

sub new {
    my ($class, $stack) = @_;
    my ($host, $port) = $stack->url =~ m{//([^:/]+):(\d+)};
    my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Timeout => 10) or die "connect: $!\n";
    return bless { socket => $socket }, $class;
}

# The bytes of a request; its answer closes the connection.
sub request {
    my ($self, $client, $method, $path, $body) = @_;
    my @head = ("$method $path HTTP/1.1", 'Host: test', 'Connection: close');
    push @head, 'Authorization: Bearer ' . $client->token if $client && defined $client->token;
    push @head, 'Content-Type: application/json', 'Content-Length: ' . length $body if defined $body;
    return join("\r\n", @head, '', '') . ($body // '');
}

sub send {
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    $self->{socket}->syswrite($bytes);
    return $self;
}

# Until what came matches, the connection closes or the time is over.
sub read_until {
    my ($self, $pattern, $limit) = @_;
    my ($text, $piece) = ('');
    my $select = IO::Select->new($self->{socket});
    while ($text !~ $pattern) {
        $! = 0;
        if (!$select->can_read($limit // 30)) {
            next if $!{EINTR};    # a part of the stack that was stopped or continued
            last;
        }
        last unless $self->{socket}->sysread($piece, 65536);
        $text .= $piece;
    }
    return $text;
}

sub read {
    my ($self, $limit) = @_;
    return $self->read_until(qr/(?!)/, $limit);
}

sub close { my ($self) = @_; $self->{socket}->close; return }

sub abort {
    my ($self) = @_;
    setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    $self->{socket}->close;
    return;
}

1;
