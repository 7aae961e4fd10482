package StockVerify::Events;

# A stream of events, read by Debian's curl: HTTP/2 where the stack speaks it.
#
#     my $stream = StockVerify::Events->open($stack, $client, topics => 'rack:updates:*', headers => { 'Last-Event-ID' => $id });
#     is $stream->status, 200;
#     my $event = $stream->next;                 the next message's data, undef when none comes or the stream ends
#     my $event = $stream->next('count.opened'); the next of this type
#     $stream->place;                            what Last-Event-ID would say now
#     $stream->ended;                            waits for the end
#     $stream->stop; $stream->go_on;             reads no more, and again

use strict;
use warnings;
use IO::Select;
use Mojo::JSON 'decode_json';
use Mojo::Util 'url_escape';
use POSIX ();

our $WAIT = 30;

# Without a client: no token. Options: topics, ticket, last_event_id (the query), headers, curl (its further words).
sub open {
    my ($class, $stack, $client, %option) = @_;
    my @query = map { "$_=" . url_escape($option{$_}) } grep { defined $option{$_} } qw(topics ticket last_event_id);
    my %headers = %{ $option{headers} // {} };
    $headers{Authorization} = 'Bearer ' . $client->token if $client && defined $client->token;
    my @command = (qw(curl --silent --no-buffer --include), @{ $option{curl} // [] });
    push @command, '--http2', '--cacert', "$stack->{directory}/secrets/tls.pem" if $stack->url =~ /^https/;
    push @command, '--header', "$_: $headers{$_}" for sort keys %headers;
    my $pid = CORE::open(my $out, '-|') // die "fork: $!\n";
    if ($pid == 0) {
        { no warnings 'exec'; exec { $command[0] } @command, $stack->url . '/api/events?' . join '&', @query }
        POSIX::_exit(127);
    }
    binmode $out;
    my $self = bless { out => $out, pid => $pid, owner => $$, bytes => '', messages => [], place => undef }, $class;
    $self->read_head;
    return $self;
}

sub read_head {
    my ($self) = @_;
    while (1) {
        if ($self->{bytes} =~ s{^HTTP/[\d.]+ (\d+)[^\r\n]*\r\n(.*?)\r\n\r\n}{}s) {
            @{$self}{qw(status head)} = ($1, $2);
            return;
        }
        return unless $self->read_more($WAIT);
    }
}

sub status { return $_[0]{status} // 0 }
sub head   { return $_[0]{head} }
sub place  { return $_[0]{place} }
sub comments { return $_[0]{comments} // 0 }

sub header {
    my ($self, $name) = @_;
    return $self->{head} =~ /^\Q$name\E: *([^\r\n]*)/mi ? $1 : undef;
}

# The error's code, where it is no stream.
sub code {
    my ($self) = @_;
    1 while $self->read_more($WAIT);
    my $body = eval { decode_json($self->{bytes}) } or return '';
    return $body->{error}{code};
}

# false at the end, and when nothing comes in time.
sub read_more {
    my ($self, $limit) = @_;
    my $select = IO::Select->new($self->{out});
    my $end = time + $limit;
    while (!$select->can_read($limit)) {
        return if time >= $end;    # else a signal
    }
    my $got = sysread $self->{out}, $self->{bytes}, 65536, length $self->{bytes};
    $self->{ended} = 1 unless $got;
    return $got;
}

# Whole messages of what has come.
sub parse {
    my ($self) = @_;
    while ($self->{bytes} =~ s/^(.*?)\n\n//s) {
        my %field;
        for my $line (split /\n/, $1) {
            if ($line =~ /^:/) { $self->{comments}++; next }
            my ($name, $value) = $line =~ /^(\w+): ?(.*)$/s or die "a line that is no field: $line\n";
            $field{$name} = $value;
        }
        $self->{place} = $field{id} if defined $field{id};
        $self->{retry} = $field{retry} if defined $field{retry};
        push @{ $self->{messages} }, { %{ decode_json($field{data}) }, place => $field{id} } if defined $field{data};
    }
    return;
}

sub next {
    my ($self, $type, $limit) = @_;
    while (1) {
        $self->parse;
        while (my $message = shift @{ $self->{messages} }) {
            return $message if !defined $type || $message->{type} eq $type;
        }
        return unless $self->read_more($limit // $WAIT);
    }
}

# All up to a message of this type, that one the last.
sub until {
    my ($self, $type) = @_;
    my @all;
    while (my $message = $self->next) {
        push @all, $message;
        last if $message->{type} eq $type;
    }
    return @all;
}

# Until the stream has said where it is: from there on nothing is missed.
sub ready {
    my ($self) = @_;
    until (defined $self->{place}) {
        $self->parse;
        last if defined $self->{place} || !$self->read_more($WAIT);
    }
    return $self;
}

sub await_comment {
    my ($self) = @_;
    my $before = $self->comments;
    while ($self->comments == $before) {
        $self->read_more($WAIT) or return;
        $self->parse;
    }
    return 1;
}

sub ended {
    my ($self) = @_;
    while (!$self->{ended}) {
        return if !$self->read_more($WAIT) && !$self->{ended};
    }
    return 1;
}

sub stop  { my ($self) = @_; kill STOP => $self->{pid}; return }
sub go_on { my ($self) = @_; kill CONT => $self->{pid}; return }

sub close {
    my ($self) = @_;
    return unless $self->{pid} && $self->{owner} == $$;
    kill KILL => $self->{pid};
    close $self->{out};
    delete $self->{pid};
    return;
}

sub DESTROY { local ($?, $!, $@); $_[0]->close; return }

1;
