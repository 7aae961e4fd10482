package StockVerify::Answer;

# What the API answered: $answer->status, ->data, ->code, ->header('Retry-After'), ...

use strict;
use warnings;
use Cpanel::JSON::XS ();

my $JSON = Cpanel::JSON::XS->new->utf8->allow_nonref->canonical;

sub new {
    my ($class, $tx) = @_;
    my $response = $tx->res;
    my $error = $tx->error;
    my $self = bless { response => $response, status => $response->code // 0 }, $class;
    # A connection that broke in mid-answer has a status and is a failure all the same.
    $self->{failure} = $error->{message} if $error && !$error->{code};
    return $self;
}

sub status  { return $_[0]{failure} ? 0 : $_[0]{status} }
sub failure { return $_[0]{failure} }                      # why there is no answer; undef when there is one
sub header  { my ($self, $name) = @_; return $self->{response}->headers->header($name) }
sub body    { return $_[0]{response}->body }

# The whole answer, decoded; undef when it isn't JSON.
sub json {
    my ($self) = @_;
    $self->{json} = eval { $JSON->decode($self->body) } unless exists $self->{json};
    return $self->{json};
}

sub is_object { return ref $_[0]->json eq 'HASH' }
sub data      { my ($self) = @_; return $self->is_object ? $self->json->{data} : undef }
sub error     { my ($self) = @_; return $self->is_object ? $self->json->{error} : undef }
sub code      { my ($self) = @_; return $self->error ? $self->error->{code} : '' }
sub message   { my ($self) = @_; return $self->is_object ? $self->json->{message} : undef }
sub holder    { my ($self) = @_; return $self->error ? $self->error->{holder} : undef }

# The fields an error names, sorted.
sub fields {
    my ($self) = @_;
    return sort map { $_->{field} // '' } @{ ($self->error || {})->{details} || [] };
}

# One line for a diagnostic.
sub text {
    my ($self) = @_;
    return $self->{failure} if $self->{failure};
    return "$self->{status} " . substr $self->body, 0, 600;
}

1;
