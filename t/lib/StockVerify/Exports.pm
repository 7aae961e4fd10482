package StockVerify::Exports;

# Records put straight into the database, snapshots of them, and their files, read by programs not made here.

use strict;
use warnings;
use Cpanel::JSON::XS ();
use File::Temp ();
use StockVerify::Process qw(wait_until);

my $JSON = Cpanel::JSON::XS->new->utf8->canonical->allow_nonref;
my $BATCH = 5000;
my $FIELDS = [qw(client_record_id item_code verified_qty mrp round created_at expiry_date partial remark)];

# stack, boss (a supervisor)
sub new {
    my ($class, %option) = @_;
    my $python = `$option{stack}{stack}{root}/scripts/deps --test-python`;
    chomp $python;
    return bless { %option, python => $python, folder => File::Temp->newdir }, $class;
}

sub fields { return @$FIELDS }

# One record as MongoDB keeps it. figures: id, and what it is to differ in.
sub document {
    my ($self, $session, %figure) = @_;
    my %document = (
        client_record_id => $figure{id}, session_id => $session, count_id => "count of $session", rack_id => 'R1', warehouse => 'WH1',
        floor => $figure{floor} // 'Ground', user_id => 'u1', fence => 1, item_code => $figure{item} // '100017',
        verified_qty => { '$numberDecimal' => $figure{qty} // '1' }, damage_qty => { '$numberDecimal' => '0' },
        non_returnable_damaged_qty => { '$numberDecimal' => '0' }, status => 'finalized', superseded => \0, whole => \0,
        partial => $figure{partial} ? \1 : \0, round => { '$numberLong' => '' . ($figure{round} // 1) }, order => { '$numberLong' => '1' },
        (map { ($_ => { '$date' => $figure{at} // '2026-11-22T10:20:00.123Z' }) } qw(created_at updated_at received_at changed_at)),
    );
    $document{mrp} = { '$numberDecimal' => $figure{mrp} } if defined $figure{mrp};
    $document{expiry_date} = $figure{expiry} if defined $figure{expiry};
    $document{remark} = $figure{remark} if defined $figure{remark};
    return \%document;
}

# Inserts `count` records, thousands a command; record => sub ($n) gives what record n differs in.
sub insert {
    my ($self, $session, $count, $record) = @_;
    my $mongo = $self->{stack}->mongo;
    for (my $first = 0; $first < $count; $first += $BATCH) {
        my $last = $first + $BATCH < $count ? $first + $BATCH - 1 : $count - 1;
        my @documents = map { $self->document($session, $record->($_)) } $first .. $last;
        $mongo->run(insert => 'verification_records', documents => \@documents, ordered => JSON::PP::false());
    }
    return;
}

# The API's answer once the job it gave is over: of the snapshot.
sub await_job {
    my ($self, $job_id, $seconds) = @_;
    my $job;
    wait_until(sub { $job = $self->{boss}->get("/api/jobs/$job_id")->data; $job && $job->{status} !~ /^(?:queued|running)$/ }, $seconds // 60)
        or die "job $job_id does not end\n";
    return $job;
}

# A snapshot of a session's records, in the order of their ids; its id.
sub snapshot {
    my ($self, $name, $session, %option) = @_;
    my $answer = $self->{boss}->post('/api/reports/snapshots', { name => $name, query => {
        collection => 'verification_records', filters => [{ field => 'session_id', op => 'eq', value => $session }],
        $option{query} ? %{ $option{query} } : (fields => $FIELDS, sort => [{ field => 'client_record_id' }]),
    } });
    die 'no snapshot: ' . $answer->text . "\n" unless $answer->status == 202;
    my $job = $self->await_job($answer->data->{job_id}, $option{seconds});
    die 'no snapshot: ' . $JSON->encode($job) . "\n" unless $job->{status} eq 'succeeded';
    return $job->{resource}{id};
}

# Asks until the file is there; the answer. seconds => how long to wait.
sub export {
    my ($self, $id, %query) = @_;
    my $seconds = delete $query{seconds};
    my @ask = ("/api/reports/snapshots/$id/export", query => \%query);
    my $answer = $self->{boss}->get(@ask);
    if ($answer->status == 202) {
        $self->await_job($answer->data->{job_id}, $seconds);
        $answer = $self->{boss}->get(@ask);
    }
    die "no $query{format}: " . $answer->text . "\n" unless $answer->status == 200;
    return $answer;
}

# Keeps bytes under a name; the path.
sub keep {
    my ($self, $name, $bytes) = @_;
    my $path = "$self->{folder}/$name";
    open my $out, '>:raw', $path or die "$path: $!\n";
    print {$out} $bytes;
    close $out or die "$path: $!\n";
    return $path;
}

# What a command prints, as bytes; dies when it fails.
sub output {
    my ($self, @command) = @_;
    open my $in, '-|:raw', @command or die "$command[0]: $!\n";
    my $output = do { local $/; <$in> };
    close $in or die "@command: status $?\n";
    return $output // '';
}

# What read_export.py sees in a file.
sub read_as {
    my ($self, $kind, $path, @more) = @_;
    return $JSON->decode($self->output($self->{python}, "$self->{stack}{stack}{root}/t/tools/read_export.py", $kind, $path, @more));
}

1;
