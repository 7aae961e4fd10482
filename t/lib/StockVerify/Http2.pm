package StockVerify::Http2;

# An HTTP/2 connection for what no decent client does: streams that are reset, bodies that stop. TLS is openssl's.
#
#     my $raw = StockVerify::Http2->new($stack);
#     my $id = $raw->request($client, GET => '/api/auth/me');       a stream of its own
#     $raw->reset($id);
#     is $raw->status($id), 200;                                     waits for the head of the answer

use strict;
use warnings;
use IO::Select;
use IPC::Open2;

my %TYPE = (data => 0, headers => 1, rst => 3, settings => 4, ping => 6, goaway => 7, window => 8);
my ($END_STREAM, $ACK, $END_HEADERS) = (1, 1, 4);
# Indexes of HPACK's static table that are a whole status.
my %STATUS = (8 => 200, 9 => 204, 10 => 206, 11 => 304, 12 => 400, 13 => 404, 14 => 500);

sub new {
    my ($class, $stack) = @_;
    my ($host, $port) = $stack->url =~ m{//([^:/]+):(\d+)};
    my $pid = open2(my $out, my $in, qw(openssl s_client -quiet -alpn h2 -connect), "$host:$port", '-CAfile', "$stack->{directory}/secrets/tls.pem");
    binmode $_ for $in, $out;
    $in->autoflush(1);
    my $self = bless { in => $in, out => $out, pid => $pid, next => 1, bytes => '' }, $class;
    $self->write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    $self->frame('settings', 0, 0);
    return $self;
}

sub write {
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    syswrite $self->{in}, $bytes;
    return;
}

sub frame {
    my ($self, $type, $flags, $id, $payload) = @_;
    $payload //= '';
    $self->write(substr(pack('N', length $payload), 1) . pack('CCN', $TYPE{$type}, $flags, $id) . $payload);
    return;
}

# A text as HPACK has it: its length by sevens, no Huffman.
sub text {
    my ($text) = @_;
    my $length = length $text;
    return chr($length) . $text if $length < 127;
    my $rest = $length - 127;
    my $bytes = chr 127;
    while ($rest >= 128) {
        $bytes .= chr($rest % 128 + 128);
        $rest = int $rest / 128;
    }
    return $bytes . chr($rest) . $text;
}

# Sends a request's head; its body, when there is one, by `data`. The stream.
sub request {
    my ($self, $client, $method, $path, %headers) = @_;
    my $id = $self->{next};
    $self->{next} += 2;
    my @headers = (':method' => $method, ':scheme' => 'https', ':authority' => 'localhost', ':path' => $path);
    push @headers, authorization => 'Bearer ' . $client->token if $client;
    push @headers, map { ($_ => $headers{$_}) } sort keys %headers;
    my $block = '';
    while (my ($name, $value) = splice @headers, 0, 2) {
        $block .= chr(0) . text($name) . text($value);
    }
    my $has_body = $headers{'content-type'};
    $self->frame('headers', $END_HEADERS | ($has_body ? 0 : $END_STREAM), $id, $block);
    return $id;
}

sub data {
    my ($self, $id, $bytes, $is_last) = @_;
    $self->frame('data', $is_last ? $END_STREAM : 0, $id, $bytes);
    return;
}

# 8: the client does not want it any more.
sub reset { my ($self, $id) = @_; $self->frame('rst', 0, $id, pack 'N', 8); return }

# The next frame as {type, flags, id, payload}; undef at the end or after 30 s.
sub read_frame {
    my ($self) = @_;
    my $select = IO::Select->new($self->{out});
    while (1) {
        if (length $self->{bytes} >= 9) {
            my $length = unpack 'N', "\0" . substr $self->{bytes}, 0, 3;
            if (length $self->{bytes} >= 9 + $length) {
                my ($type, $flags, $id) = unpack 'CCN', substr $self->{bytes}, 3, 6;
                my $payload = substr $self->{bytes}, 9, $length;
                substr($self->{bytes}, 0, 9 + $length) = '';
                return { type => $type, flags => $flags, id => $id, payload => $payload };
            }
        }
        $! = 0;
        if (!$select->can_read(30)) {
            next if $!{EINTR};
            return;
        }
        sysread $self->{out}, $self->{bytes}, 65536, length $self->{bytes} or return;
    }
}

# The status of a stream's answer: 0 for one that no index of HPACK's table has, undef when none came.
sub status {
    my ($self, $id) = @_;
    while (my $frame = $self->read_frame) {
        $self->frame('settings', $ACK, 0) if $frame->{type} == $TYPE{settings} && !($frame->{flags} & $ACK);
        return if $frame->{type} == $TYPE{goaway} || $frame->{type} == $TYPE{rst} && $frame->{id} == $id;
        next unless $frame->{type} == $TYPE{headers} && $frame->{id} == $id;
        # A change of the table's size may come first.
        my ($first) = grep { $_ & 0x80 || !($_ & 0x20) } unpack 'C*', $frame->{payload};
        return $first & 0x80 ? $STATUS{ $first & 0x7f } // 0 : 0;
    }
    return;
}

sub close {
    my ($self) = @_;
    close $self->{in};
    kill TERM => $self->{pid};
    waitpid $self->{pid}, 0;
    return;
}

1;
