package StockVerify::Curl;

# In place of Mojo::UserAgent for a StockVerify::Client: every request is a run of Debian's curl, over HTTP/2 and TLS.

use strict;
use warnings;
use File::Temp ();
use Mojo::IOLoop;
use Mojo::UserAgent::Transactor;

# certificate: the file of the server's
sub new {
    my ($class, %option) = @_;
    return bless { %option, transactor => Mojo::UserAgent::Transactor->new }, $class;
}

sub build_tx { my ($self, @request) = @_; return $self->{transactor}->tx(@request) }

# A server that shuts down refuses a stream it has not looked at by a GOAWAY below it, and the client sends it again on a
# connection of its own (RFC 9113, 6.8), as browsers do and curl does not.
sub was_not_looked_at { my ($said) = @_; return said($said) =~ /GOAWAY, error=0, last_stream=0$/m }

sub said {
    my ($file) = @_;
    seek $file, 0, 0;
    local $/;
    return <$file> // '';
}

# Without a callback waits for the answer; gives the transaction.
sub start {
    my ($self, $tx, $done) = @_;
    my ($body, @command) = $self->command($tx->req);
    my $said = File::Temp->new;
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if ($pid == 0) {
        open STDERR, '>&', $said;
        { no warnings 'exec'; exec { $command[0] } @command }
        POSIX::_exit(127);
    }
    binmode $out;
    my $bytes = '';
    my $finish = sub {
        close $out;
        return $self->start($tx, $done) if $bytes eq '' && was_not_looked_at($said);
        take($tx, $bytes, $? == -1 ? 0 : $? >> 8, $said);    # libev may have asked for the status before
        undef $body;
        $done->($self, $tx) if $done;
        return $tx;
    };
    if (!$done) {
        local $/;
        $bytes = <$out> // '';
        return $finish->();
    }
    my $reactor = Mojo::IOLoop->singleton->reactor;
    $reactor->io($out => sub {
        return if sysread $out, $bytes, 65536, length $bytes;
        $reactor->remove($out);
        $finish->();
    })->watch($out, 1, 0);
    return $tx;
}

# The request as curl's words, and the file its body stands in.
sub command {
    my ($self, $request) = @_;
    my @words = (qw(curl --silent --show-error --verbose --include --compressed --http2 --max-time 90 --cacert), $self->{certificate});
    push @words, $request->method eq 'HEAD' ? '--head' : ('--request', $request->method);
    my %headers = map { ($_ => $request->headers->header($_)) } @{ $request->headers->names };
    $headers{'Accept-Encoding'} //= 'gzip';
    delete @headers{qw(Content-Length Connection Host)};
    push @words, '--header', "$_: $headers{$_}" for sort keys %headers;
    my $body;
    if (length $request->body) {
        $body = File::Temp->new;
        binmode $body;
        print {$body} $request->body;
        close $body;
        push @words, '--data-binary', "\@$body";
        push @words, '--header', 'Content-Type:' unless $headers{'Content-Type'};
        push @words, '--header', 'Expect:' unless $headers{Expect};
    }
    return ($body, @words, $request->url->to_abs->to_string);
}

# What curl printed, as the transaction's answer: heads (a 100 among them), and the body.
sub take {
    my ($tx, $bytes, $exit, $said) = @_;
    my $response = $tx->res;
    my ($version, $status, $head);
    while ($bytes =~ s{^HTTP/([\d.]+) (\d+)[^\r\n]*\r\n(.*?\r\n)?\r\n}{}s) {
        ($version, $status, $head) = ($1, $2, $3 // '');
    }
    if ($exit != 0 || !defined $status) {
        my ($why) = (said($said) =~ /^curl: (.+)$/m, 'it said nothing');
        $response->error({ message => "curl: exit $exit: $why" });
        return;
    }
    $response->code($status);
    $response->version($version);
    $response->headers->add(split /:\s*/, $_, 2) for split /\r\n/, $head;
    $response->body($bytes);
    my $length = $tx->req->method ne 'HEAD' && $status != 304 && !$response->headers->content_encoding && $response->headers->content_length;
    $response->error({ message => 'curl: the answer broke off' }) if $length && $length != length $bytes;
    return;
}

1;
