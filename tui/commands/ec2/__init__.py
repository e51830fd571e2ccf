"""EC2's verbs, spelled and answered as `aws ec2` spells and answers them."""
