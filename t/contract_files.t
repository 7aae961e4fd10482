#!/usr/bin/perl
# openapi.yaml in itself, and against the route table, the error table, the table of a record's members and the source.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Contract;

my $contract = StockVerify::Contract->new('.');
my @operations = $contract->operations;
my @api = grep { !$_->{location} } @operations;

subtest 'openapi.yaml in itself' => sub {
    ok eval { $contract->references }, 'every reference leads somewhere' or diag $@;
    my %ids;
    $ids{ $_->{id} }++ for @operations;
    is_deeply [grep { $ids{$_} > 1 } sort keys %ids], [], 'operation ids are unique';
    for my $operation (@operations) {
        for my $status (sort keys %{ $operation->{responses} }) {
            my $content = ($operation->{responses}{$status}{content} || {})->{'application/json'} or next;
            next unless $content->{example};
            is_deeply [complaints_of($content)], [], "the example of $operation->{id} $status is one";
        }
    }
};

sub complaints_of {
    my ($content) = @_;
    my ($schema, $example) = @$content{qw(schema example)};
    return ($contract->schema_complaints($schema, $example), $contract->undocumented($schema, $example, ''));
}

# What generators of clients need: an answer has its data, an object that is open says so, and no member of a request
# becomes required by its default.
subtest 'fit for code generation' => sub {
    for my $operation (@api) {
        for my $status (grep { /^2/ } sort keys %{ $operation->{responses} }) {
            my $schema = (($operation->{responses}{$status}{content} || {})->{'application/json'} || {})->{schema} or next;
            my @loose = grep { my $face = $_; $face->{properties}{data} && !grep { $_ eq 'data' } @{ $face->{required} || [] } } $contract->faces($schema);
            is_deeply \@loose, [], "$operation->{id} $status requires its data";
        }
    }
    my @bodies = map { $_->{request} || () } @api;
    cmp_ok scalar(@bodies), '>', 20, 'there are requests with bodies';
    my (%seen_schema, @faults);
    my @nodes = map { ['body', $_] } @bodies;
    while (my $node = shift @nodes) {
        my ($name, $schema) = @$node;
        for my $face (grep { !$seen_schema{$_}++ } $contract->faces($schema)) {
            push @faults, "$name has a default" if exists $face->{default};
            push @nodes, map { ["$name.$_", $face->{properties}{$_}] } sort keys %{ $face->{properties} || {} };
            push @nodes, ["$name\[]", $face->{items}] if $face->{items};
        }
    }
    is_deeply \@faults, [], 'no member of a request has a default';
    is_deeply [map { $_->{description} // 'an object' } $contract->open_objects], [], 'an object without members of its own says that it is open';
};

subtest 'routes' => sub {
    my %documented = map { ("$_->{method} $_->{path}" => $_) } @api;
    my @routes = $contract->routes;
    is_deeply [sort map { "$_->{method} $_->{path}" } @routes], [sort keys %documented], 'the same methods and paths';
    for my $route (@routes) {
        my $operation = $documented{"$route->{method} $route->{path}"} or next;
        is $operation->{id}, $route->{id}, "$route->{id}: operationId";
        is $operation->{role}, $route->{role}, "$route->{id}: role";
        my @query = (@{ $route->{query} }, (meets_a_word($route, @routes) ? 'code' : ()));
        is_deeply $operation->{query}, [sort @query], "$route->{id}: query parameters";
        is $operation->{body}, $route->{body}, "$route->{id}: body";
        is !!$operation->{alias}, !!$route->{alias}, "$route->{id}: alias";
    }
};

# Whether a path value of the route may be a word of another, so that ?code= says it instead.
sub meets_a_word {
    my ($route, @routes) = @_;
    my @mine = split m{/}, $route->{path};
    for my $other (grep { $_ != $route && $_->{method} eq $route->{method} } @routes) {
        my @theirs = split m{/}, $other->{path};
        next if @mine != @theirs;
        my @pairs = map { [$mine[$_], $theirs[$_]] } 0 .. $#mine;
        next if grep { my ($mine, $theirs) = @$_; $mine !~ /^\{/ && $mine ne $theirs } @pairs;
        return 1 if grep { my ($mine, $theirs) = @$_; $mine =~ /^\{/ && $theirs !~ /^\{/ } @pairs;
    }
    return 0;
}

my %STATUS = (
    MALFORMED => 400, UNAUTHORIZED => 401, FORBIDDEN => 403, NOT_FOUND => 404, METHOD => 405, CONFLICT => 409, GONE => 410,
    PRECONDITION => 412, TOO_LONG => 414,
    TOO_LARGE => 413, MEDIA_TYPE => 415, RANGE => 416, RULE => 422, THROTTLED => 429, INTERNAL => 'default', UNAVAILABLE => 503, UPSTREAM => 504,
);

subtest 'error codes' => sub {
    my %status_of = map { ($_->{code} => $STATUS{ $_->{kind} }) } $contract->error_rows;
    is_deeply [sort @{ $contract->schema('ErrorCode')->{enum} }], [sort keys %status_of], 'errors.def and ErrorCode';
    my %used;
    for my $operation (@api) {
        # (431 is nginx' own bad_request.)
        for my $status (grep { $_ ne '431' } sort keys %{ $operation->{responses} }) {
            for my $code ($contract->codes($operation->{responses}{$status})) {
                $used{$code} = 1;
                is $status_of{$code}, $status, "$code comes with $status in $operation->{id}"
                    unless ($status_of{$code} // '') eq $status;
            }
        }
    }
    my $not_allowed = $contract->response('MethodNotAllowed');
    my @too_long = map { $contract->response($_) } qw(UriTooLong HeadersTooLarge);
    $used{$_} = 1 for $contract->codes($not_allowed), (map { $contract->codes($_) } @too_long), verdict_codes(), job_codes();
    is_deeply [grep { !$used{$_} } sort keys %status_of], [], 'every code is told by some operation';
};

# The codes that stand inside a 200: verdicts on each of several counts.
sub verdict_codes {
    my $content = $contract->operation('counts_close')->{responses}{200}{content}{'application/json'};
    my ($data) = map { $_->{properties}{data} || () } @{ $content->{schema}{allOf} };
    my $code = $data->{properties}{results}{items}{properties}{code};
    return map { @{ $_->{enum} || [] } } @{ $code->{oneOf} };
}

# Those that stand inside a job.
sub job_codes { return @{ $contract->schema('Job')->{properties}{error}{'x-codes'} } }

subtest 'records' => sub {
    my @members = $contract->rows('core/sync/record.def', qr/SV_RECORD_MEMBER/);
    my $schema = $contract->schema('Record');
    # (A picture inside is no member of the record: it becomes a photo, which photo_proofs names.)
    is_deeply [sort keys %{ $schema->{properties} }], [sort 'photo_base64', map { $_->[0] } @members], 'record.def and Record have the same members';
    is_deeply [sort @{ $schema->{required} }], [sort map { $_->[0] } grep { $_->[2] eq 'REQUIRED' } @members], 'and require the same';
    for my $member (grep { $_->[1] =~ /^(?:IDENTIFIER|TEXT|NOTE)$/ } @members) {
        my ($of_member) = grep { defined $_->{maxLength} } $contract->faces($schema->{properties}{ $member->[0] });
        is $of_member->{maxLength}, $member->[3], "the length of $member->[0]";
    }
    my %documented = map { ($_ => 1) } @{ $contract->schema('RecordErrorCode')->{enum} };
    my %told;
    for my $file (glob 'core/sync/*.c') {
        open my $in, '<', $file or die "$file: $!\n";
        my $text = do { local $/; <$in> };
        $told{$1} = $file while $text =~ /sv_(?:record_fail|verdict_error)\([^;"]*"[a-z_.\[\]]+",\s*"([a-z_]+)"/g;
    }
    cmp_ok scalar(keys %told), '>=', 6, 'faults are found in the source';
    is_deeply [grep { !$documented{$_} } sort keys %told], [], 'every fault of the source is in RecordErrorCode';
};

done_testing;
