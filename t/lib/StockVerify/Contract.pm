package StockVerify::Contract;

# openapi.yaml read as data, beside the tables of the source: which operations there are, and what an answer must be.

use strict;
use warnings;
use JSON::PP ();
use JSON::Validator::Schema;
use YAML::XS ();

my @METHODS = qw(get put post delete patch);

sub new {
    my ($class, $root) = @_;
    local $YAML::XS::Boolean = 'JSON::PP';
    my $document = YAML::XS::LoadFile("$root/openapi.yaml");
    return bless { root => $root, document => $document, operations => [operations_of($document)] }, $class;
}

sub operations_of {
    my ($document) = @_;
    my @operations;
    for my $path (sort keys %{ $document->{paths} }) {
        my $item = $document->{paths}{$path};
        for my $method (grep { $item->{$_} } @METHODS) {
            my $operation = $item->{$method};
            my @parameters = map { resolve($document, $_) } @{ $item->{parameters} || [] }, @{ $operation->{parameters} || [] };
            my $body = resolve($document, $operation->{requestBody});
            push @operations, {
                id         => $operation->{operationId},
                method     => uc $method,
                path       => $path,
                role       => $operation->{'x-role'},
                alias      => exists $operation->{'x-alias-of'},
                location   => $operation->{'x-location'},
                parameters => \@parameters,
                query      => [sort map { $_->{name} } grep { $_->{in} eq 'query' } @parameters],
                body       => !$body ? 'none' : !$body->{content}{'application/json'} ? 'file' : $body->{required} ? 'required' : 'optional',
                request    => $body && $body->{content}{'application/json'}{schema},
                responses  => { map { ($_ => resolve($document, $operation->{responses}{$_})) } keys %{ $operation->{responses} } },
            };
        }
    }
    return @operations;
}

sub operations { return @{ $_[0]{operations} } }

sub operation {
    my ($self, $id) = @_;
    my ($operation) = grep { $_->{id} eq $id } $self->operations;
    return $operation // die "openapi.yaml has no operation $id\n";
}

sub response { my ($self, $name) = @_; return $self->{document}{components}{responses}{$name} }
sub schema   { my ($self, $name) = @_; return $self->{document}{components}{schemas}{$name} }

# A node, behind its references.
sub resolve {
    my ($document, $node) = @_;
    while (ref $node eq 'HASH' && defined $node->{'$ref'}) {
        my $at = $document;
        for my $step (split m{/}, $node->{'$ref'} =~ s{^#/}{}r) {
            $at = $at->{$step} // die "openapi.yaml: $node->{'$ref'} is nowhere\n";
        }
        $node = $at;
    }
    return $node;
}

# Every reference in the document leads somewhere, else this dies; the ones that are used.
sub references {
    my ($self) = @_;
    my %references;
    my @nodes = ($self->{document});
    while (my $node = shift @nodes) {
        if (ref $node eq 'HASH') {
            if (defined $node->{'$ref'}) {
                resolve($self->{document}, $node);
                $references{ $node->{'$ref'} }++;
            }
            push @nodes, grep { ref } values %$node;
        } elsif (ref $node eq 'ARRAY') {
            push @nodes, grep { ref } @$node;
        }
    }
    return \%references;
}

# Schemas of objects that say neither what is in them nor that anything may be.
sub open_objects {
    my ($self) = @_;
    my (@found, @nodes);
    @nodes = ($self->{document});
    while (my $node = shift @nodes) {
        if (ref $node eq 'HASH') {
            my $type = $node->{type} // '';
            my $is_object = grep { $_ eq 'object' } ref $type eq 'ARRAY' ? @$type : ref $type ? () : $type;
            push @found, $node if $is_object && !grep { exists $node->{$_} } qw(properties additionalProperties allOf oneOf anyOf);
        }
        push @nodes, grep { ref } ref $node eq 'HASH' ? values %$node : ref $node eq 'ARRAY' ? @$node : ();
    }
    return @found;
}

# The error codes a response may carry.
sub codes {
    my ($self, $response) = @_;
    my $content = $response->{content} || {};
    my $schema = ($content->{'application/json'} || {})->{schema} or return;
    my @errors = map { ($_->{properties} || {})->{error} // () } $self->faces($schema);
    my @codes = map { ($_->{properties} || {})->{code} // () } map { $self->faces($_) } @errors;
    my %codes = map { ($_ => 1) } map { @{ $_->{enum} || [] } } @codes;
    return sort keys %codes;
}

# What is wrong with an answer to an operation: nothing when the list is empty.
sub complaints {
    my ($self, $operation, $answer, $response) = @_;
    my $status = $answer->status;
    return 'no answer: ' . $answer->failure unless $status;
    $response //= $operation->{responses}{$status} // ($status >= 500 ? $operation->{responses}{default} : undef);
    return "status $status is not in openapi.yaml" unless $response;
    my @complaints = $self->header_complaints($response, $answer);
    my $content = $response->{content} or return (@complaints, length $answer->body ? "a body with $status" : ());
    my ($type) = ($answer->header('Content-Type') // '') =~ /^([^;\s]+)/;
    return (@complaints, 'Content-Type ' . ($type // 'is missing')) unless $type && $content->{$type};
    return @complaints unless $type eq 'application/json';
    return (@complaints, 'not JSON') unless defined $answer->json;
    my $schema = $content->{$type}{schema};
    return (@complaints, $self->schema_complaints($schema, $answer->json), $self->undocumented($schema, $answer->json, ''));
}

sub header_complaints {
    my ($self, $response, $answer) = @_;
    my @complaints;
    for my $name (sort keys %{ $response->{headers} || {} }) {
        my $header = resolve($self->{document}, $response->{headers}{$name});
        my $value = $answer->header($name);
        if (!defined $value) {
            push @complaints, "no header $name" if $header->{required};
            next;
        }
        $value += 0 if $header->{schema}{type} eq 'integer' && $value =~ /^\d+$/;
        push @complaints, map { "header $name: $_" } $self->schema_complaints($header->{schema}, $value);
    }
    return @complaints;
}

sub schema_complaints {
    my ($self, $schema, $value) = @_;
    # References lead into the whole document, so the schema is looked at from inside it.
    $self->{validators}{$schema} //= do {
        my $whole = { components => $self->{document}{components}, allOf => [$schema] };
        JSON::Validator::Schema->new(specification => 'https://json-schema.org/draft/2020-12/schema')->data($whole)->resolve;
    };
    return map { "$_" } $self->{validators}{$schema}->validate($value);
}

# Members of a value that its schema does not name. An object without any named member may hold what it likes.
sub undocumented {
    my ($self, $schema, $value, $path) = @_;
    if (ref $value eq 'ARRAY') {
        my @items = map { $_->{items} || () } $self->faces($schema);
        return unless @items;
        my $any = { anyOf => \@items };
        return map { $self->undocumented($any, $value->[$_], "$path/$_") } 0 .. $#$value;
    }
    return unless ref $value eq 'HASH';
    my @named = grep { $_->{properties} } $self->faces($schema);
    return unless @named;
    my @complaints;
    for my $member (sort keys %$value) {
        my @of_member = map { exists $_->{properties}{$member} ? $_->{properties}{$member} : () } @named;
        push @complaints, @of_member
            ? $self->undocumented({ anyOf => \@of_member }, $value->{$member}, "$path/$member")
            : "$path/$member is not in openapi.yaml";
    }
    return @complaints;
}

# A schema and all that it is made of.
sub faces {
    my ($self, $schema) = @_;
    my @faces = (resolve($self->{document}, $schema));
    my @all;
    while (my $face = shift @faces) {
        push @all, $face;
        push @faces, map { resolve($self->{document}, $_) } map { @{ $face->{$_} || [] } } qw(allOf anyOf oneOf);
    }
    return @all;
}

# The rows of the source's tables.
sub rows {
    my ($self, $file, $pattern) = @_;
    open my $in, '<', "$self->{root}/$file" or die "$file: $!\n";
    my $text = do { local $/; <$in> };
    $text =~ s{/\*.*?\*/}{}gs;
    my @rows;
    push @rows, [map { s/^"|"$//gr } split /\s*,\s*(?=(?:[^"]*"[^"]*")*[^"]*$)/, $1] while $text =~ /^$pattern\((.*?)\)\s*$/gms;
    return @rows;
}

sub routes {
    my ($self) = @_;
    return map {
        my ($id, $method, $path, $role, $function, $query, $flags) = @$_;
        my %flag = map { ($_ => 1) } split /\s*\|\s*/, $flags;
        {
            id     => $id,
            method => $method,
            path   => $path,
            role   => lc $role,
            query  => [sort split ' ', $query],
            body   => $flag{SV_BODY_FILE} ? 'file' : $flag{SV_BODY_OPTIONAL} ? 'optional' : $flag{SV_BODY_JSON} ? 'required' : 'none',
            alias  => !!$flag{SV_ALIAS},
            limit  => $flag{SV_BODY_SMALL} ? 16_384 : $flag{SV_BODY_LARGE} ? 12_582_912 : 1_048_576,
        }
    } $self->rows('ngx_stockverify_module/routes.def', qr/SV_ROUTE_(?:DB|LOOP)/);
}

sub error_rows {
    my ($self) = @_;
    return map { { code => $_->[1], kind => $_->[2] } } $self->rows('core/base/errors.def', qr/SV_ERROR/);
}

1;
