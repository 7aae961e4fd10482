package StockVerify::Client;

# One user of the API with their access token (or nobody, without). Clients share their stack's connections.

use strict;
use warnings;
use Cpanel::JSON::XS ();
use Mojo::URL;
use StockVerify::Answer;

my $JSON = Cpanel::JSON::XS->new->utf8->allow_nonref->canonical;

# ua, url; token, user (a hash of stack.json) and refresh_token when somebody is logged in
sub new {
    my ($class, %option) = @_;
    return bless {%option}, $class;
}

sub token   { return $_[0]{token} }
sub user    { return $_[0]{user} }
sub user_id { return $_[0]{user_id} }

# A client like this one with some parts changed, such as (token => ...) or (url => $stack->url_flat).
sub with {
    my ($self, %change) = @_;
    return (ref $self)->new(%$self, %change);
}

# The transaction, unsent. Options: json (any Perl value), body (bytes, sent as they are), query {}, headers {}.
sub build {
    my ($self, $method, $path, %option) = @_;
    my $url = Mojo::URL->new($self->{url} . $path);
    $url->query(%{ $option{query} }) if $option{query};
    my %headers;
    $headers{Authorization} = "Bearer $self->{token}" if defined $self->{token};
    my @body;
    if (exists $option{json}) {
        $headers{'Content-Type'} = 'application/json';
        @body = ($JSON->encode($option{json}));
    } elsif (defined $option{body}) {
        $headers{'Content-Type'} = 'application/json';
        @body = ($option{body});
    }
    %headers = (%headers, %{ $option{headers} || {} });
    delete $headers{$_} for grep { !defined $headers{$_} } keys %headers;
    return $self->{ua}->build_tx($method => $url => \%headers, @body);
}

sub request {
    my ($self, @request) = @_;
    my $tx = $self->{ua}->start($self->build(@request));
    # nginx closes a connection behind a 412 or 416 of a file, and says so nowhere: what is safe is sent again (RFC 9110, 9.2.2).
    my $closed = $tx->kept_alive && ($tx->error || {})->{message} && $tx->error->{message} =~ /^Premature/;
    $tx = $self->{ua}->start($self->build(@request)) if $closed && $request[0] =~ /^(?:GET|HEAD)$/;
    return StockVerify::Answer->new($tx);
}

# Without waiting: a promise of the answer, which is never rejected.
sub request_p {
    my ($self, @request) = @_;
    my $tx = $self->build(@request);
    my $promise = Mojo::Promise->new;
    $self->{ua}->start($tx => sub { $promise->resolve(StockVerify::Answer->new($_[1])) });
    return $promise;
}

sub get { my ($self, $path, %option) = @_; return $self->request(GET => $path, %option) }
sub del { my ($self, $path, %option) = @_; return $self->request(DELETE => $path, %option) }

sub post  { my ($self, $path, @body) = @_; return $self->request(POST  => $path, body_of(@body)) }
sub put   { my ($self, $path, @body) = @_; return $self->request(PUT   => $path, body_of(@body)) }
sub patch { my ($self, $path, @body) = @_; return $self->request(PATCH => $path, body_of(@body)) }

# post(path), post(path, {json}), post(path, {json}, query => {...}), post(path, undef, headers => {...})
sub body_of {
    my ($json, @option) = @_;
    return defined $json ? (json => $json, @option) : @option;
}

1;
