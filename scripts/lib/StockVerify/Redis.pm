package StockVerify::Redis;

# A small blocking Redis client: one connection, commands one at a time or in a pipeline.

use strict;
use warnings;
use IO::Socket::INET;
use IO::Socket::UNIX;

# What `new` connects to; the host may be the path of a unix socket.
sub address {
    my ($host, $port) = @_;
    return $host =~ m{^/} ? $host : "$host:$port";
}

# address => "host:port" or "/path", password => optional, database => number, timeout => seconds
sub new {
    my ($class, %option) = @_;
    my $timeout = $option{timeout} // 10;
    my $socket =
        $option{address} =~ m{^/}
        ? IO::Socket::UNIX->new(Peer => $option{address}, Timeout => $timeout)
        : IO::Socket::INET->new(PeerAddr => $option{address}, Timeout => $timeout);
    die "Redis at $option{address}: " . ($@ || $!) . "\n" unless $socket;
    $socket->autoflush(0);
    $socket->setsockopt(SOL_SOCKET, SO_RCVTIMEO, pack 'l!l!', $timeout, 0);
    my $self = bless { socket => $socket }, $class;
    $self->command('AUTH', $option{password}) if defined $option{password} && length $option{password};
    $self->command('SELECT', $option{database}) if $option{database};
    return $self;
}

# The reply: a string, a number, undef for nil, an array reference. Dies of an error reply and of a lost connection.
sub command {
    my ($self, @words) = @_;
    my ($reply) = $self->pipeline([@words]);
    die $$reply if ref $reply eq 'SCALAR';
    return $reply;
}

# Replies in order; an error reply is a reference to its text.
sub pipeline {
    my ($self, @commands) = @_;
    my $out = '';
    for my $words (@commands) {
        my @bytes = map { my $word = "$_"; utf8::encode($word) if utf8::is_utf8($word); $word } @$words;
        $out .= '*' . @bytes . "\r\n" . join '', map { '$' . length($_) . "\r\n$_\r\n" } @bytes;
    }
    my $socket = $self->{socket};
    print {$socket} $out;
    $socket->flush or die "Redis: $!\n";
    return map { $self->read_reply } @commands;
}

sub read_reply {
    my ($self) = @_;
    my $socket = $self->{socket};
    local $/ = "\r\n";
    my $line = <$socket> // die "Redis: connection lost\n";
    chomp $line;
    my $kind = substr $line, 0, 1, '';
    return $line        if $kind eq '+' || $kind eq ':';
    return \"$line\n"   if $kind eq '-';
    return undef        if $line < 0;
    return [map { my $reply = $self->read_reply; ref $reply eq 'SCALAR' ? $$reply : $reply } 1 .. $line]
        if $kind eq '*';
    my $text = '';
    while (length $text < $line + 2) {
        read $socket, $text, $line + 2 - length $text, length $text or die "Redis: connection lost\n";
    }
    return substr $text, 0, $line;
}

1;
